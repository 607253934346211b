/** The GraphQL over HTTP specification, by the audit of its reference implementation. */
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestRouter } from './test/router.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;
beforeAll(async () => {
  world = await startTestRouter();
});
afterAll(() => world.stop());

const audits = serverAudits({ url: () => world.url, fetchFn: fetch });

test('the audit is whole', () => {
  expect(audits.length).toBeGreaterThanOrEqual(61);
});

test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))(
  '%s %s',
  async (_id, _name, audit) => {
    expect(await audit.fn()).toMatchObject({ status: 'ok' });
  },
);
