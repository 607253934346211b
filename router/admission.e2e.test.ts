/** Rights, costs and rate limits at the doors of a running router. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from 'vitest';
import { isRecord } from './request.ts';
import { ask, transports, type TransportName } from './test/asking.ts';
import { overSocket, overSse, rawStream, socketClient } from './test/clients.ts';
import { startGuardedSubgraphs } from './test/guarded-subgraphs.ts';
import { post, send, startRouterOver } from './test/router.ts';
import { openStallableWire } from './test/stallable-wire.ts';

let subgraphs: Awaited<ReturnType<typeof startGuardedSubgraphs>>;
let world: Awaited<ReturnType<typeof startRouterOver>>;
beforeAll(async () => {
  subgraphs = await startGuardedSubgraphs();
  world = await startRouterOver(subgraphs.supergraphSdl, { OPERATION_COST_MAX: '1000' });
});
afterAll(async () => {
  await world.stop();
  await subgraphs.stop();
});

const patience = { timeout: 20_000, interval: 20 };
const plan = (capacity: number, refillPerSecond: number) => ({ capacity, refillPerSecond });

/** A router whose callers have little to spend. What is not named has as much as in production. */
async function limited(
  plans: Record<string, { capacity: number; refillPerSecond: number }>,
  more: Record<string, string> = {},
) {
  const router = await world.start({
    REDIS_URL: inject('redisUrl'),
    RATE_LIMIT_PLANS: JSON.stringify(plans),
    // Buckets of this test alone, and time enough on a busy machine.
    INTERNAL_SECRET: secretOfTests,
    RATE_LIMIT_TIMEOUT_MS: '5000',
    ...more,
  });
  onTestFinished(() => router.stop());
  const shares = more['REDIS_URL'] === undefined;
  await expect.poll(() => isShared(router.url), patience).toBe(shares);
  return router.url;
}
const secretOfTests = 'a secret of the tests, thirty-two and more';

async function metrics(url: string): Promise<string> {
  return (await send(url.replace('/graphql', '/metrics'), { method: 'GET' })).text;
}

/** Whether a router's limits are those of all routers. */
async function isShared(url: string): Promise<boolean> {
  return /^router_rate_limits_shared 1$/m.test(await metrics(url));
}

async function bearer(claims: Record<string, unknown> = {}): Promise<string> {
  return `Bearer ${await world.tokens.token({ sub: randomUUID(), scope: '', ...claims })}`;
}

/** A customer of the tests that nobody else is. */
async function newCustomer(claims: Record<string, unknown> = {}) {
  return { headers: { authorization: await bearer(claims) } };
}

const told = { extensions: { cost: true } };
async function costOf(
  url: string,
  query: string,
  headers: Record<string, string>,
  more: object = {},
) {
  const answer = await send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, ...told, ...more }),
  });
  return answer.body?.extensions?.cost;
}

test.each(transports)(
  'over %s a field that is not for the caller is null with an error, and no subgraph is asked for it',
  async (transport: TransportName) => {
    const query = 'query { shop { name owner { nick email } } me { id } staffNote }';
    const nobody = await ask(world.url, transport, { parameters: { query } });
    expect(nobody.data).toEqual({
      shop: { name: 'Lamps', owner: { nick: 'nick-o', email: null } },
      me: null,
      staffNote: null,
    });
    expect(nobody.codes).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED', 'UNAUTHENTICATED']);
    expect(subgraphs.asked()).not.toMatch(/email|staffNote/);
    const alice = await ask(world.url, transport, {
      parameters: { query },
      authorization: await bearer(),
    });
    expect(alice.data).toMatchObject({
      shop: { owner: { nick: 'nick-o', email: 'o@x.test' } },
      me: { id: 'me' },
    });
    expect(alice.codes).toEqual(['FORBIDDEN']);
    subgraphs.forget();
  },
);

test('what may not be null takes its surroundings along, by the paths of the answer', async () => {
  const { body } = await post(world.url, '{ a: shop { turnover } }', await newCustomer());
  expect(body).toEqual({
    data: null,
    errors: [
      { message: expect.any(String), path: ['a', 'turnover'], extensions: { code: 'FORBIDDEN' } },
    ],
  });
  const analyst = await newCustomer({ scope: 'reports:read' });
  expect((await post(world.url, '{ shop { turnover } }', analyst)).body).toEqual({
    data: { shop: { turnover: 7 } },
  });
});

test('the same text is answered to each caller by its own rights, in whatever order they come', async () => {
  const query = '{ staffNote shop { name } }';
  const [customer, staff] = [await newCustomer(), await newCustomer({ role: 'staff' })];
  for (let round = 0; round < 2; round += 1) {
    for (const [who, note] of [
      [customer, null],
      [staff, 'psst'],
      [{}, null],
    ] as const) {
      expect((await post(world.url, query, who)).body.data).toEqual({
        staffNote: note,
        shop: { name: 'Lamps' },
      });
    }
  }
});

test('a mutation that is not for the caller is not done', async () => {
  subgraphs.forget();
  const { body } = await post(world.url, 'mutation { close { id } }', await newCustomer());
  expect(body.errors[0].extensions.code).toBe('FORBIDDEN');
  expect(subgraphs.asked()).toBe('[]');
});

test('the stock executor is given the same rights to keep', async () => {
  const stock = await world.start({ EXECUTOR: 'gateway' });
  onTestFinished(() => stock.stop());
  for (const query of [
    '{ nodes { __typename name ... on Shop { turnover } ... on User { email } } me { id } }',
    '{ me { id } staffNote }',
    '{ shop { owner { email } } b: shop { owner { nick } } }',
  ]) {
    const [own, theirs] = await Promise.all([world.url, stock.url].map((url) => post(url, query)));
    expect(theirs?.body).toEqual(own?.body);
    expect(own?.body.errors.length).toBeGreaterThan(0);
  }
});

test('a router can refuse such requests whole, with the status that their code has', async () => {
  const router = await world.start({ UNAUTHORIZED_FIELDS: 'refuse' });
  onTestFinished(() => router.stop());
  const query = '{ shop { name } me { id } }';
  const nobody = await post(router.url, query);
  expect([nobody.status, nobody.body.data]).toEqual([401, undefined]);
  expect(nobody.body.errors).toEqual([
    { message: expect.any(String), path: ['me'], extensions: { code: 'UNAUTHENTICATED' } },
  ]);
  expect((await post(router.url, '{ staffNote }', await newCustomer())).status).toBe(403);
  expect((await post(router.url, query, await newCustomer())).status).toBe(200);
});

test('policies that the configuration adds hold beside the usual one', async () => {
  const router = await world.start({ POLICIES: '{"staff":{"scopes":["note:read"]}}' });
  onTestFinished(() => router.stop());
  const reader = await newCustomer({ scope: 'note:read' });
  expect((await post(router.url, '{ staffNote }', reader)).body.data).toEqual({
    staffNote: 'psst',
  });
  const staff = await newCustomer({ role: 'staff' });
  expect((await post(router.url, '{ staffNote }', staff)).body.data).toEqual({ staffNote: null });
});

const sold = { query: 'subscription { sold { cursor amount margin buyer { email } } }' };

test('in a stream each event is what its reader may see, and a reader with another token sees that one’s', async () => {
  const [plain, analyst] = [await bearer(), await bearer({ scope: 'reports:read' })];
  const clients = [{ Authorization: plain }, { Authorization: analyst }, {}].map((parameters) =>
    socketClient(world.url, parameters),
  );
  onTestFinished(() => clients.forEach((client) => void client.dispose()));
  const streams = [
    ...clients.map((client) => overSocket(client, sold)),
    overSse(world.url, sold, { authorization: analyst }),
  ];
  await vi.waitFor(() => expect(subgraphs.subscriptions()).toBeGreaterThan(0), patience);
  const fewest = () => {
    subgraphs.sell();
    return Math.min(...streams.map(({ results }) => results.length));
  };
  await expect.poll(fewest, patience).toBeGreaterThan(1);
  for (const stream of streams) stream.stop();
  const first = streams.map(({ results }) => results[0]);
  expect(first[0]).toMatchObject({
    data: { sold: { margin: null, buyer: { email: expect.any(String) } } },
    errors: [{ path: ['sold', 'margin'], extensions: { code: 'FORBIDDEN' } }],
  });
  for (const whole of [first[1], first[3]]) {
    expect(whole).toMatchObject({
      data: { sold: { margin: 3, buyer: { email: expect.any(String) } } },
    });
    expect(whole).not.toHaveProperty('errors');
  }
  expect(first[2]).toMatchObject({
    data: { sold: { margin: null, buyer: { email: null } } },
    errors: [
      { path: ['sold', 'margin'], extensions: { code: 'UNAUTHENTICATED' } },
      { path: ['sold', 'buyer', 'email'], extensions: { code: 'UNAUTHENTICATED' } },
    ],
  });
});

test('a stream that is not for the caller does not begin, on any transport', async () => {
  const query = 'subscription { audited { cursor } }';
  const authorization = await bearer();
  await vi.waitFor(() => expect(subgraphs.subscriptions()).toBe(0), patience);
  const client = socketClient(world.url, { Authorization: authorization });
  onTestFinished(() => void client.dispose());
  const streams = [overSocket(client, { query }), overSse(world.url, { query }, { authorization })];
  const multipart = await rawStream(
    world.url,
    { query },
    {
      authorization,
      accept: 'multipart/mixed;subscriptionSpec="1.0", application/json',
    },
  );
  for (const stream of streams) {
    await vi.waitFor(() => expect(stream.end).toBeDefined(), patience);
    expect(JSON.stringify(stream)).toContain('FORBIDDEN');
  }
  await vi.waitFor(() => expect(multipart.text).toContain('FORBIDDEN'), patience);
  expect(subgraphs.subscriptions()).toBe(0);
});

test('a client that asks for it is told what was expected, what it was, and what is left', async () => {
  const url = await limited({ customer: plan(500, 10) });
  const { headers } = await newCustomer();
  // Query 1, users 1, five users expected; three came.
  expect(await costOf(url, '{ users { id } }', headers)).toEqual({
    requested: 7,
    actual: 5,
    throttleStatus: { maximumAvailable: 500, currentlyAvailable: 495, restoreRate: 10 },
  });
  const sell = 'mutation ($lines: [Line!]!) { sell(lines: $lines) }';
  const lines = Array.from({ length: 30 }, (_, i) => ({ sku: String(i) }));
  // Mutation 1, sell 10, thirty lines.
  expect(await costOf(url, sell, headers, { variables: { lines } })).toMatchObject({
    requested: 41,
    actual: 41,
  });
  expect(
    await costOf(url, '{ nodes { name ... on Shop { owner { nick } } } }', headers),
  ).toMatchObject({
    // Query 1, nodes 1; four shops with an owner expected; one of two is a shop.
    requested: 2 + 4 * 3,
    actual: 2 + 3 + 1,
  });
  const quiet = await post(url, '{ users { id } }', { headers });
  expect(quiet.body).not.toHaveProperty('extensions');
});

test.each(transports)('over %s it is told alike', async (transport: TransportName) => {
  const reply = await ask(world.url, transport, {
    parameters: { query: '{ users { id } }', ...told },
  });
  expect(reply.text).toMatch(/"extensions":\{"cost":\{"requested":7,"actual":5\}\}/);
});

test('who has spent everything is refused with 429 and the time to wait, and nobody else is', async () => {
  const url = await limited({ customer: plan(110, 1) });
  const [alice, bob] = [await newCustomer(), await newCustomer()];
  for (let i = 0; i < 2; i += 1) expect((await post(url, '{ dear }', alice)).status).toBe(200);
  // Each costs 51.
  const refused = await post(url, '{ dear }', alice);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(40);
  expect(refused.body).toEqual({
    errors: [
      {
        message: expect.not.stringMatching(/\d/),
        extensions: {
          code: 'THROTTLED',
          retryAfterSeconds: Number(refused.headers['retry-after']),
        },
      },
    ],
  });
  expect((await post(url, '{ dear }', bob)).status).toBe(200);
  expect(await metrics(url)).toMatch(/router_throttled_total\{caller="customer"\} \d/);
});

test.each(transports)('over %s it is refused alike', async (transport: TransportName) => {
  const url = await limited({ customer: plan(110, 1) });
  const authorization = await bearer();
  const query = '{ dear }';
  for (let i = 0; i < 2; i += 1)
    await ask(url, transport, { parameters: { query }, authorization });
  const refused = await ask(url, transport, { parameters: { query, ...told }, authorization });
  expect(refused.codes).toEqual(['THROTTLED']);
  // Not even on request: only those who are served learn what they have.
  expect(refused.text).not.toMatch(/"cost"|Available|restoreRate/);
});

test('it is served again once the time is over', async () => {
  const url = await limited({ customer: plan(60, 30) });
  const customer = await newCustomer();
  await post(url, '{ dear }', customer);
  expect((await post(url, '{ dear }', customer)).status).toBe(429);
  await expect.poll(async () => (await post(url, '{ dear }', customer)).status, patience).toBe(200);
});

test('what two routers are asked by one caller is counted together', async () => {
  const urls = [await limited({ customer: plan(60, 1) }), await limited({ customer: plan(60, 1) })];
  const customer = await newCustomer();
  const statuses: number[] = [];
  for (const url of [...urls, ...urls])
    statuses.push((await post(url, '{ dear }', customer)).status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
});

test('an operation that nobody may afford is too complex, not too much', async () => {
  const customer = await newCustomer();
  const over = await post(world.url, '{ users(first: 2000000000) { id } }', customer);
  expect([over.status, over.body.errors]).toEqual([
    400,
    [{ message: 'The operation is too complex.', extensions: { code: 'QUERY_TOO_COMPLEX' } }],
  ]);
  const url = await limited({ customer: plan(40, 1) });
  const overPlan = await post(url, '{ dear }', customer);
  expect([overPlan.status, overPlan.body.errors[0].extensions.code]).toEqual([
    400,
    'QUERY_TOO_COMPLEX',
  ]);
});

test('a list that must be sliced is refused without, naming what it needs', async () => {
  const { status, body } = await post(world.url, '{ page { id } }');
  expect([status, body.errors[0].extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
  expect(body.errors[0].message).toContain('"first"');
  expect((await post(world.url, '{ page(first: 3) { id } }')).status).toBe(200);
});

test('nonsense costs something too', async () => {
  const url = await limited({ customer: plan(3, 1) });
  const customer = await newCustomer();
  const statuses = async () => (await post(url, '{ nothing }', customer)).status;
  await expect.poll(statuses, patience).toBe(429);
});

test('each delivered event is paid for, and who owes too much reads no further than the last cursor', async () => {
  const url = await limited({ customer: plan(60, 1) });
  const client = socketClient(url, { Authorization: await bearer() });
  onTestFinished(() => void client.dispose());
  const stream = overSocket(client, { query: 'subscription { sold { cursor amount } }' });
  const bystander = overSse(url, { query: 'subscription { sold { cursor amount } }' });
  await vi.waitFor(() => {
    subgraphs.sell();
    expect(stream.end).toBeDefined();
  }, patience);
  bystander.stop();
  const last: unknown = stream.results.at(-1);
  const sale = isRecord(last) && isRecord(last['data']) ? last['data']['sold'] : undefined;
  expect(stream.end).toEqual([
    {
      message: expect.any(String),
      extensions: {
        code: 'THROTTLED',
        retryAfterSeconds: expect.any(Number),
        cursor: isRecord(sale) ? sale['cursor'] : 'none',
      },
    },
  ]);
  // 60 units and half as many on debt, at 3 an event.
  expect(stream.results.length).toBeGreaterThanOrEqual(29);
  expect(bystander.end).toBeUndefined();
  const ended = /router_streams_ended_total\{transport="websocket",outcome="THROTTLED"\} 1\n/;
  expect(await metrics(url)).toMatch(ended);
});

test('callers without a name are told apart by their address, and by another’s word only if that is trusted', async () => {
  const query = '{ dear }';
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
  const secret = `${randomUUID()} thirty-two and more`;
  const plans = { anonymous: plan(60, 1) };
  const naive = await limited(plans, { INTERNAL_SECRET: secret });
  expect((await post(naive, query, from('203.0.113.1'))).status).toBe(200);
  expect((await post(naive, query, from('203.0.113.2'))).status).toBe(429);
  const other = `${randomUUID()} thirty-two and more`;
  const behind = await limited(plans, { INTERNAL_SECRET: other, TRUSTED_PROXIES: '127.0.0.0/8' });
  expect((await post(behind, query, from('203.0.113.1'))).status).toBe(200);
  expect((await post(behind, query, from('203.0.113.2'))).status).toBe(200);
  expect((await post(behind, query, from('203.0.113.2'))).status).toBe(429);
  const socket = await ask(behind, 'WebSocket', {
    parameters: { query },
    headers: { 'x-forwarded-for': '203.0.113.1' },
  });
  expect(socket.codes).toEqual(['THROTTLED']);
});

test('what Redis is told of a caller is neither a name nor an address', async () => {
  const url = await limited({ customer: plan(100, 1), anonymous: plan(100, 1) });
  const subject = `person-${randomUUID()}`;
  await post(url, '{ dear }', await newCustomer({ sub: subject }));
  await post(url, '{ dear }');
  const redis = new Redis(inject('redisUrl'));
  const keys = await redis.keys('ordergraph:rate:*');
  redis.disconnect();
  expect(keys.length).toBeGreaterThan(0);
  expect(keys.join()).not.toMatch(/person|127\.0\.0\.1/);
  expect(world.lines.join()).not.toContain(subject);
});

test('a Redis that hangs or is away stops nobody: each router gives its part of the limits', async () => {
  const wire = await openStallableWire(Number(new URL(inject('redisUrl')).port));
  onTestFinished(() => wire.stop());
  const customer = await newCustomer();
  const url = await limited(
    { customer: plan(220, 1) },
    {
      REDIS_URL: `redis://127.0.0.1:${wire.port}`,
      ROUTER_INSTANCES: '4',
      RATE_LIMIT_TIMEOUT_MS: '40',
    },
  );
  await expect.poll(() => isShared(url), patience).toBe(true);
  wire.stall();
  const statuses: number[] = [];
  for (let i = 0; i < 3; i += 1) statuses.push((await post(url, '{ dear }', customer)).status);
  // A fourth of 220 is one of 51 and little more.
  expect(statuses).toEqual([200, 429, 429]);
  expect(await isShared(url)).toBe(false);
  wire.flow();
  await expect.poll(() => isShared(url), patience).toBe(true);
  expect((await post(url, '{ dear }', await newCustomer())).status).toBe(200);
  const away = await limited({ customer: plan(60, 1) }, { REDIS_URL: 'redis://127.0.0.1:9' });
  expect((await post(away, '{ dear }', await newCustomer())).status).toBe(200);
});

test('without a Redis, or switched off, nobody is limited', async () => {
  const off = await world.start({
    REDIS_URL: inject('redisUrl'),
    RATE_LIMIT: 'off',
    RATE_LIMIT_PLANS: '{"anonymous":{"capacity":1,"refillPerSecond":1}}',
  });
  onTestFinished(() => off.stop());
  for (const url of [off.url, world.url]) {
    for (let i = 0; i < 5; i += 1) expect((await post(url, '{ dear }')).status).toBe(200);
  }
});

test('the access log tells what an operation cost', async () => {
  const query = 'query Costly { users { id } }';
  await post(world.url, query);
  const line = world.lines.findLast((text) => text.includes('"Costly"'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({
    operationName: 'Costly',
    cost: 5,
    outcome: 'ok',
  });
});
