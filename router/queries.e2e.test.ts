/** Queries and mutations through a running router over real subgraphs. */
import { verifyIdentity } from '@ordergraph/platform/identity.ts';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { post, startTestRouter } from './test/router.ts';
import { secret, type Behaviour } from './test/subgraphs.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;
beforeAll(async () => {
  // A subgraph fails here in more ways, one after the other, than its circuit breaker would stand.
  world = await startTestRouter({ BREAKER_CALLS_MIN: '1000000' });
});
afterAll(() => world.stop());
beforeEach(() => {
  world.order.behaviour = { kind: 'serve' };
  world.payment.behaviour = { kind: 'serve' };
  world.order.seen.length = 0;
  world.payment.seen.length = 0;
});

const orderWithPayment = '{ order(id: "1") { id status payment { status amount } } }';
const orderAlone = { id: '1', status: 'PLACED', payment: null };

test('a query is answered from two subgraphs', async () => {
  const { status, body } = await post(world.url, orderWithPayment);
  expect(status).toBe(200);
  expect(body).toEqual({
    data: { order: { id: '1', status: 'PLACED', payment: { status: 'paid-1', amount: 5 } } },
  });
});

test('a mutation is answered from two subgraphs', async () => {
  const { body } = await post(
    world.url,
    'mutation Place($id: ID!) { placeOrder(id: $id) { id payment { status } } }',
    { variables: { id: '7' } },
  );
  expect(body).toEqual({ data: { placeOrder: { id: '7', payment: { status: 'paid-7' } } } });
});

test('defaults of variables and of input fields reach the subgraph', async () => {
  const query = `query Find($n: Int = 2, $filter: OrderFilter!) {
    orders(first: $n) { id } find(filter: $filter) { id }
  }`;
  const { body } = await post(world.url, query, { variables: { filter: { status: 'PLACED' } } });
  expect(body.data.orders).toHaveLength(2);
  expect(body.data.find).toHaveLength(3);
});

test('a field selected twice with different fields inside a list is merged', async () => {
  const query =
    '{ orders(first: 2) { payment { status } } orders(first: 2) { id payment { amount } } }';
  const { body } = await post(world.url, query);
  expect(body.data.orders).toEqual([
    { id: '1', payment: { status: 'paid-1', amount: 5 } },
    { id: '2', payment: { status: 'paid-2', amount: 5 } },
  ]);
});

test('the caller is stated to subgraphs by signature, and no client header reaches them', async () => {
  const token = await world.tokens.token();
  const { body } = await post(world.url, '{ viewer order(id: "1") { payment { status } } }', {
    headers: {
      authorization: `Bearer ${token}`,
      'x-ordergraph-identity': 'forged',
      'x-ordergraph-deadline': '1',
      'x-anything': 'else',
      cookie: 'a=b',
      traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
    },
  });
  const alice = { subject: 'alice', role: 'customer', scopes: ['a:read', 'b:write'] };
  expect(JSON.parse(body.data.viewer)).toEqual(alice);
  for (const { headers } of [...world.order.seen, ...world.payment.seen]) {
    expect(Object.keys(headers).toSorted()).toEqual([
      'accept',
      'connection',
      'content-length',
      'content-type',
      'host',
      'traceparent',
      'x-ordergraph-deadline',
      'x-ordergraph-identity',
    ]);
    const identity = verifyIdentity(String(headers['x-ordergraph-identity']), secret, Date.now());
    expect(identity).toEqual(alice);
    expect(headers.traceparent).toMatch(
      /^00-0123456789abcdef0123456789abcdef-(?!0123456789abcdef)/,
    );
    const leftMs = Number(headers['x-ordergraph-deadline']) - Date.now();
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(1_000);
  }
});

test('a caller without a token is anonymous', async () => {
  const { body } = await post(world.url, '{ viewer }');
  expect(JSON.parse(body.data.viewer)).toEqual({ subject: null, role: 'anonymous', scopes: [] });
});

const failures: readonly [string, Behaviour, string][] = [
  ['hangs', { kind: 'hang' }, 'TIMEOUT'],
  ['drips', { kind: 'drip' }, 'TIMEOUT'],
  [
    'answers HTML',
    { kind: 'answer', status: 502, type: 'text/html', body: '<h1>nginx</h1>' },
    'SERVICE_UNAVAILABLE',
  ],
  [
    'answers half a JSON',
    { kind: 'answer', body: '{"data":{"_entities":[{"pay' },
    'SERVICE_UNAVAILABLE',
  ],
  ['answers no GraphQL', { kind: 'answer', body: '{"hello":1}' }, 'SERVICE_UNAVAILABLE'],
  ['answers nothing', { kind: 'answer', body: '' }, 'SERVICE_UNAVAILABLE'],
  [
    'answers too much',
    { kind: 'answer', body: `"${'x'.repeat(17 * 1024 * 1024)}"` },
    'SERVICE_UNAVAILABLE',
  ],
  [
    'answers 500 without GraphQL',
    { kind: 'answer', status: 500, body: '{"error":"Internal Server Error"}' },
    'SERVICE_UNAVAILABLE',
  ],
  ['answers 500 and nothing', { kind: 'answer', status: 500, body: '' }, 'SERVICE_UNAVAILABLE'],
  ['loses its connection', { kind: 'reset' }, 'SERVICE_UNAVAILABLE'],
  [
    'answers with a number for its errors',
    { kind: 'answer', body: '{"data":{"_entities":[{"payment":{"status":"x"}}]},"errors":5}' },
    'SERVICE_UNAVAILABLE',
  ],
  [
    'answers lists without end',
    {
      kind: 'answer',
      body: `{"data":{"_entities":[{"payment":${'['.repeat(500_000)}${']'.repeat(500_000)}}]}}`,
    },
    'SERVICE_UNAVAILABLE',
  ],
  [
    'answers a text for its entities',
    { kind: 'answer', body: '{"data":{"_entities":"x"}}' },
    'SERVICE_UNAVAILABLE',
  ],
  ['answers no entities', { kind: 'answer', body: '{"data":{}}' }, 'SERVICE_UNAVAILABLE'],
  [
    'answers too few entities',
    { kind: 'answer', body: '{"data":{"_entities":[]}}' },
    'SERVICE_UNAVAILABLE',
  ],
  [
    'answers a text for an object',
    { kind: 'answer', body: '{"data":{"_entities":[{"payment":"x"}]}}' },
    'SERVICE_UNAVAILABLE',
  ],
  [
    'answers a list for an object',
    { kind: 'answer', body: '{"data":{"_entities":[{"payment":[1]}]}}' },
    'SERVICE_UNAVAILABLE',
  ],
];

test.each(failures)(
  'a subgraph that %s nulls its edge, by name, and nothing else',
  async (_, behaviour, code) => {
    world.payment.behaviour = behaviour;
    const { status, body, text } = await post(world.url, orderWithPayment);
    expect(status).toBe(200);
    expect(body.data).toEqual({ order: orderAlone });
    expect(body.errors).toEqual([
      {
        message: expect.any(String),
        path: ['order', 'payment'],
        extensions: { code, service: 'payment' },
      },
    ]);
    expect(text).not.toMatch(/127\.0\.0\.1|localhost|stack|nginx|node_modules/);
  },
);

test('an error of a subgraph whose extensions nest without end is masked', async () => {
  const extensions = `{"code":"FORBIDDEN","a":${'['.repeat(500_000)}${']'.repeat(500_000)}}`;
  world.payment.behaviour = {
    kind: 'answer',
    body: `{"errors":[{"message":"no","extensions":${extensions}}]}`,
  };
  const { status, body } = await post(world.url, orderWithPayment);
  expect(status).toBe(200);
  expect(body.data).toEqual({ order: orderAlone });
  expect(body.errors[0].extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR' });
});

test('a prototype in the answer of a subgraph is one name among others', async () => {
  const own = '"__proto__":{"status":"forged","polluted":true}';
  const answer = (payment: string): Behaviour => ({
    kind: 'answer',
    body: `{${own},"data":{${own},"_entities":[{${own},"payment":{${own},${payment}}}]}}`,
  });
  world.payment.behaviour = answer('"status":"true","amount":1');
  const { body } = await post(world.url, orderWithPayment);
  expect(body.data.order.payment).toEqual({ status: 'true', amount: 1 });
  world.payment.behaviour = answer('"amount":1');
  const without = await post(world.url, orderWithPayment);
  expect(without.body.data.order.payment).toBeNull();
  expect(without.text).not.toContain('forged');
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test('a failing edge in a list has an error at each element', async () => {
  world.payment.behaviour = { kind: 'answer', body: 'rubbish' };
  const { body } = await post(world.url, '{ orders(first: 2) { id mine: payment { status } } }');
  expect(body.data).toEqual({
    orders: [
      { id: '1', mine: null },
      { id: '2', mine: null },
    ],
  });
  expect(body.errors.map(({ path }: { path: unknown }) => path)).toEqual([
    ['orders', 0, 'mine'],
    ['orders', 1, 'mine'],
  ]);
});

test('a dead subgraph nulls the root fields it would have filled, those left out excepted', async () => {
  world.payment.behaviour = { kind: 'answer', body: 'rubbish' };
  const query =
    'query ($no: Boolean!) { ready: paymentsReady other: paymentsReady @include(if: $no) order(id: "1") { id } }';
  const { body } = await post(world.url, query, { variables: { no: false } });
  expect(body.data).toEqual({ ready: null, order: { id: '1' } });
  expect(body.errors.map(({ path }: { path: unknown }) => path)).toEqual([['ready']]);
});

test('a subgraph that is not there fails fast and by name', async () => {
  const router = await world.start({ SUBGRAPH_URLS: '{"payment":"http://127.0.0.1:9/graphql"}' });
  const { body, text } = await post(router.url, orderWithPayment);
  await router.stop();
  expect(body.data).toEqual({ order: orderAlone });
  expect(body.errors[0].extensions).toEqual({ code: 'SERVICE_UNAVAILABLE', service: 'payment' });
  expect(text).not.toMatch(/127\.0\.0\.1|ECONN/);
});

test('a public error of a subgraph comes through with message, code and path', async () => {
  const { body } = await post(world.url, '{ order(id: "forbidden") { id payment { status } } }');
  expect(body).toEqual({
    data: { order: { id: 'forbidden', payment: null } },
    errors: [
      { message: 'Not yours.', path: ['order', 'payment'], extensions: { code: 'FORBIDDEN' } },
    ],
  });
});

test.each(['UNAUTHENTICATED', 'FORBIDDEN', 'BAD_USER_INPUT', 'CURSOR_EXPIRED'])(
  'the code %s of a subgraph is public',
  async (code) => {
    const { body } = await post(world.url, `{ fail(code: "${code}", message: "why") }`);
    expect(body.errors).toEqual([{ message: 'why', path: ['fail'], extensions: { code } }]);
  },
);

test.each(['GRAPHQL_VALIDATION_FAILED', 'ECONNREFUSED', 'PERSISTED_QUERY_NOT_FOUND', ''])(
  'the code "%s" of a subgraph is masked',
  async (code) => {
    const { body, text } = await post(
      world.url,
      `{ fail(code: "${code}", message: "at db:5432") }`,
    );
    expect(body.data).toEqual({ fail: null });
    expect(body.errors).toEqual([
      {
        message: expect.any(String),
        path: ['fail'],
        extensions: { code: 'INTERNAL_SERVER_ERROR' },
      },
    ]);
    expect(text).not.toMatch(/db:5432|secret-host|stack/);
  },
);

test('a null where the schema has none is an error at its path', async () => {
  world.order.behaviour = { kind: 'answer', body: '{"data":{"broken":{"id":"b","status":null}}}' };
  const { body } = await post(world.url, '{ broken { id status } }');
  expect(body.data).toEqual({ broken: null });
  expect(body.errors).toEqual([
    {
      message: expect.any(String),
      path: ['broken', 'status'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    },
  ]);
});

test('the schema can be asked for outside production', async () => {
  const { body } = await post(world.url, getIntrospectionQuery());
  expect(body.errors).toBeUndefined();
  const names = body.data['__schema'].types.map(({ name }: { name: string }) => name);
  expect(names).toContain('OrderStatusChange');
  expect(names.filter((name: string) => /^(join__|link__|_Any|_Entity)/.test(name))).toEqual([]);
  expect((await post(world.url, '{ __typename order(id: "1") { __typename } }')).body.data).toEqual(
    {
      __typename: 'Query',
      order: { __typename: 'Order' },
    },
  );
});

test('the schema cannot be asked for in production, and no error suggests a field', async () => {
  const router = await world.start({ NODE_ENV: 'production' });
  const introspection = await post(router.url, '{ __schema { types { name } } }');
  const misspelt = await post(router.url, '{ ordr(id: "1") { id } order(idd: "1") { id } }');
  const variable = await post(router.url, 'query ($f: OrderFilter!) { find(filter: $f) { id } }', {
    variables: { f: { status: 'PLACE', limt: 1 } },
  });
  await router.stop();
  expect(introspection.status).toBe(400);
  expect(introspection.body.errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  for (const { text, status } of [misspelt, variable]) {
    expect(status).toBe(400);
    expect(text).not.toMatch(/did you mean|CONFIRMED|orders\b/i);
  }
});

test('two routers in one process do not share metrics or lifetimes', async () => {
  const other = await world.start();
  await post(other.url, '{ viewer }');
  const metrics = await fetch(other.url.replace('/graphql', '/metrics'));
  expect(await metrics.text()).toMatch(/router_requests_total\{[^}]*type="query"[^}]*\} 1\n/);
  await other.stop();
  expect((await post(world.url, '{ viewer }')).status).toBe(200);
});

test('the access log names operation, outcome and time, and nothing personal', async () => {
  world.lines.length = 0;
  const token = await world.tokens.token({ sub: 'customer-4711' });
  await post(world.url, 'query Named($id: ID!) { order(id: $id) { id } }', {
    variables: { id: 'private-number' },
    headers: { authorization: `Bearer ${token}` },
  });
  const [line] = world.lines.filter((text) => text.includes('"operation"'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({
    operationName: 'Named',
    type: 'query',
    outcome: 'ok',
    transport: 'http',
    durationMs: expect.any(Number),
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(world.lines.join('')).not.toMatch(/4711|private-number|Bearer/);
});
