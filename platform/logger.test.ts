import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

const planted = ['alice@example.com', 'Alice Example', '1 High Street', 'hunter2', '+44 1234'];

function logging(log: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  log(createLogger('test', 'debug', { write: (line) => void lines.push(line) }));
  return lines.join('');
}

const person = {
  name: 'Alice Example',
  email: 'alice@example.com',
  phone: '+44 1234',
  line1: '1 High Street',
  token: 'hunter2',
};

/** Without the name, which on an error is the name of its class. */
const { name: _name, ...reachable } = person;

test.each([
  ['at the top', person],
  ['in an object', { order: person }],
  ['two objects deep', { input: { contact: person } }],
  ['four objects deep', { a: { b: { c: { d: person } } } }],
  ['in a list', { orders: [person, { lines: [person] }] }],
  ['in headers', { headers: { authorization: 'Bearer hunter2', cookie: 'hunter2' } }],
  [
    'in what an error carries',
    { err: Object.assign(new Error('failed'), { input: person, ...reachable }) },
  ],
  [
    'in what the database says of a row',
    {
      err: Object.assign(new Error('violates check'), {
        detail: 'Failing row contains (alice@example.com, Alice Example).',
        where: 'COPY orders, line 1: "hunter2"',
      }),
    },
  ],
  [
    'in the cause of an error',
    { err: new Error('failed', { cause: Object.assign(new Error('x'), reachable) }) },
  ],
])('personal data and secrets are cut out %s', (_case, value) => {
  const text = logging((logger) => logger.info(value, 'something happened'));
  for (const secret of planted) expect(text).not.toContain(secret);
  expect(text).toContain('something happened');
});

test('what is of use stays: service, ids, codes, the stack of an error', () => {
  const text = logging((logger) =>
    logger
      .child({ traceId: 't1' })
      .warn({ orderId: 'ord_1', err: Object.assign(new Error('boom'), { code: '40001' }) }, 'x'),
  );
  expect(JSON.parse(text)).toMatchObject({
    service: 'test',
    traceId: 't1',
    orderId: 'ord_1',
    err: {
      message: 'boom',
      code: '40001',
      stack: expect.stringContaining('logger.test') as string,
    },
  });
});

test('a value that points at itself is logged, not followed for ever', () => {
  const loop: Record<string, unknown> = { id: 1 };
  loop['self'] = loop;
  expect(logging((logger) => logger.info({ loop }, 'round'))).toContain('round');
});
