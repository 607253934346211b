/** What happens to calls when a subgraph is away for a moment, or for long, or comes back: on a real router. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { request } from 'undici';
import { leavingClients } from '../test/leaving-clients.ts';
import { post, startTestRouter } from '../test/router.ts';
import { startTcpDoor } from '../test/tcp-door.ts';
import type { Behaviour } from '../test/subgraphs.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;
/** Without breakers, for what is not about them. */
let open: Router;
/** The same, with calls that are soon too late. */
let hasty: Router;
const routers: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  world = await startTestRouter({ SUBGRAPH_TIMEOUT_MS: '60000', SHARED_READS: 'off' });
  const all = { BREAKER_CALLS_MIN: never, SUBGRAPH_RETRY_PERCENT: '100' };
  open = routerAt(await world.start(all));
  hasty = routerAt(await world.start({ ...all, SUBGRAPH_TIMEOUT_MS: '300' }));
});
afterAll(async () => {
  await Promise.all([open.stop(), hasty.stop()]);
  await world.stop();
});
beforeEach(() => {
  for (const subgraph of [world.order, world.payment]) {
    subgraph.misbehaves({ kind: 'serve' }, Infinity);
    subgraph.seen.length = 0;
  }
});
afterEach(async () => {
  await Promise.all(routers.splice(0).map((router) => router.stop()));
});

/** Longer than anything here takes on a busy machine. */
const soon = { timeout: 15_000, interval: 5 };
const never = String(1_000_000);

type Router = ReturnType<typeof routerAt>;

function routerAt(router: { readonly url: string; stop(): Promise<void> }) {
  const { url } = router;
  const metrics = async (): Promise<string> =>
    (await request(url.replace('/graphql', '/metrics'))).body.text();
  return {
    url,
    stop: () => router.stop(),
    ask: (query: string) => post(url, query),
    metric: async (line: string): Promise<number> => {
      const text = (await metrics()).split('\n').find((one) => one.startsWith(`${line} `));
      return text === undefined ? 0 : Number(text.slice(line.length + 1));
    },
  };
}

/** A router whose breakers and budgets nothing has happened to; it ends with the test. */
async function startRouter(environment: Record<string, string> = {}): Promise<Router> {
  const router = await world.start(environment);
  routers.push(router);
  return routerAt(router);
}

const paid = '{ order(id: "1") { id payment { status } } }';
const paidAnswer = { data: { order: { id: '1', payment: { status: 'paid-1' } } } };
const place = 'mutation { placeOrder(id: "1") { id payment { status } } }';
const breaker = 'router_subgraph_breaker_state{subgraph="payment"}';
const shortCircuited = 'router_subgraph_short_circuited_total{subgraph="payment"}';
const retries = (subgraph: string, outcome: string) =>
  `router_subgraph_retries_total{subgraph="${subgraph}",outcome="${outcome}"}`;

const away: readonly [string, Behaviour][] = [
  ['loses its connection', { kind: 'reset' }],
  ...[502, 503, 504].map((status): [string, Behaviour] => [
    `is announced to be away with ${status}`,
    { kind: 'answer', status, type: 'text/html', body: '<h1>away</h1>' },
  ]),
];
const otherwise: readonly [string, Behaviour][] = [
  ['hangs', { kind: 'hang' }],
  ['fails with 500', { kind: 'answer', status: 500, body: '{"error":"oh"}' }],
  ['answers rubbish', { kind: 'answer', body: '<h1>hello</h1>' }],
  ['answers half', { kind: 'answer', body: '{"data":{"placeOrder":{"id":' }],
];

test.each(away)('a query survives a subgraph that %s once or twice', async (_, behaviour) => {
  const before = await open.metric(retries('payment', 'sent'));
  world.order.misbehaves(behaviour, 1);
  world.payment.misbehaves(behaviour, 2);
  expect((await open.ask(paid)).body).toEqual(paidAnswer);
  expect([world.order.seen.length, world.payment.seen.length]).toEqual([2, 3]);
  expect(await open.metric(retries('payment', 'sent'))).toBe(before + 2);
});

test('a query survives the restart of a subgraph, which refuses connections meanwhile', async () => {
  const door = await startTcpDoor(new URL(world.payment.url));
  const { ask, metric } = await startRouter({
    SUBGRAPH_URLS: JSON.stringify({ payment: door.url }),
    SUBGRAPH_RETRIES_MAX: '5',
  });
  expect((await ask(paid)).body).toEqual(paidAnswer);
  await door.close();
  const answer = ask(paid);
  await expect.poll(() => metric(retries('payment', 'sent')), soon).toBeGreaterThan(0);
  await door.open();
  expect((await answer).body).toEqual(paidAnswer);
  await door.close();
});

test.each([...away, ...otherwise])(
  'a mutation is sent once to a subgraph that %s',
  async (_, behaviour) => {
    world.order.behaviour = behaviour;
    const { body } = await hasty.ask(place);
    expect(body.data).toBeNull();
    expect(world.order.seen).toHaveLength(1);
  },
);

test.each(['own', 'gateway'])(
  'what is read after a mutation is read again, and the mutation is not sent again, with the executor "%s"',
  async (executor) => {
    const { ask } = await startRouter({ EXECUTOR: executor });
    world.payment.misbehaves({ kind: 'reset' }, 1);
    const { body } = await ask(place);
    expect(body).toEqual({ data: { placeOrder: paidAnswer.data.order } });
    expect([world.order.seen.length, world.payment.seen.length]).toEqual([1, 2]);
    world.order.behaviour = { kind: 'reset' };
    await ask(place);
    expect(world.order.seen).toHaveLength(2);
  },
);

test.each(otherwise)('a query is not sent again to a subgraph that %s', async (_, behaviour) => {
  world.payment.behaviour = behaviour;
  await hasty.ask(paid);
  expect(world.payment.seen).toHaveLength(1);
});

test('a storm of failing queries makes a tenth more calls, and ten', async () => {
  const { ask, metric } = await startRouter({
    BREAKER_CALLS_MIN: never,
  });
  world.payment.behaviour = { kind: 'answer', status: 503, body: '' };
  await Promise.all(Array.from({ length: 100 }, () => ask('{ paymentsReady }')));
  const sent = await metric(retries('payment', 'sent'));
  expect(world.payment.seen).toHaveLength(100 + sent);
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThanOrEqual(20);
  expect(await metric(retries('payment', 'over_budget'))).toBeGreaterThan(0);
});

test.each([...otherwise, ...away.slice(0, 2)])(
  'a subgraph that %s is not asked any more after a few calls, and the others are',
  async (_, behaviour) => {
    const { ask, metric } = await startRouter({
      BREAKER_CALLS_MIN: '4',
      BREAKER_OPEN_MS: never,
      SUBGRAPH_RETRIES_MAX: '0',
      SUBGRAPH_TIMEOUT_MS: '300',
    });
    world.payment.behaviour = behaviour;
    await Promise.all(Array.from({ length: 4 }, () => ask(paid)));
    expect(await metric(breaker)).toBe(2);
    expect(world.payment.seen).toHaveLength(4);
    world.payment.behaviour = { kind: 'serve' };
    const { body } = await ask(paid);
    expect(body.data).toEqual({ order: { id: '1', payment: null } });
    expect(body.errors).toEqual([
      {
        message: expect.any(String),
        path: ['order', 'payment'],
        extensions: { code: 'SERVICE_UNAVAILABLE', service: 'payment' },
      },
    ]);
    expect(world.payment.seen).toHaveLength(4);
    expect(await metric(shortCircuited)).toBe(1);
    expect(await metric(breaker.replace('payment', 'order'))).toBe(0);
  },
);

test('a subgraph that hangs is noticed also where operations have less time than calls', async () => {
  const { ask, metric } = await startRouter({ REQUEST_TIMEOUT_MS: '300', BREAKER_CALLS_MIN: '4' });
  world.payment.behaviour = { kind: 'hang' };
  await Promise.all(Array.from({ length: 4 }, () => ask('{ paymentsReady }')));
  expect(await metric(breaker)).toBe(2);
});

test('a subgraph that has come back is asked again', async () => {
  const { ask, metric } = await startRouter({ BREAKER_CALLS_MIN: '4', BREAKER_OPEN_MS: '50' });
  world.payment.behaviour = { kind: 'reset' };
  await expect.poll(() => ask(paid).then(() => metric(breaker)), soon).toBe(2);
  world.payment.behaviour = { kind: 'serve' };
  await expect.poll(async () => (await ask(paid)).body, soon).toEqual(paidAnswer);
  expect(await metric(breaker)).toBe(0);
});

test('retries stop where the breaker opens', async () => {
  const { ask } = await startRouter({
    BREAKER_CALLS_MIN: '2',
    BREAKER_OPEN_MS: never,
    SUBGRAPH_RETRIES_MAX: '5',
  });
  world.payment.behaviour = { kind: 'reset' };
  await ask(paid);
  expect(world.payment.seen).toHaveLength(2);
});

const alive: readonly [string, Behaviour][] = [
  [
    'answers with errors',
    { kind: 'answer', body: '{"errors":[{"message":"no","extensions":{"code":"FORBIDDEN"}}]}' },
  ],
  [
    'answers with errors and 500',
    { kind: 'answer', status: 500, body: '{"data":null,"errors":[{"message":"no"}]}' },
  ],
  ['refuses what it is sent', { kind: 'answer', status: 413, body: 'too large' }],
  ['answers too much', { kind: 'answer', body: `"${'x'.repeat(5_000)}"` }],
];

test('a subgraph that answers, whatever it answers, is not taken for dead', async () => {
  const { ask, metric } = await startRouter({
    BREAKER_CALLS_MIN: '2',
    BREAKER_OPEN_MS: never,
    SUBGRAPH_ANSWER_LIMIT_BYTES: '4000',
  });
  for (const [what, behaviour] of alive) {
    world.payment.behaviour = behaviour;
    world.payment.seen.length = 0;
    for (let i = 0; i < 4; i += 1) expect((await ask(paid)).body.errors).toHaveLength(1);
    const found = { what, asked: world.payment.seen.length, state: await metric(breaker) };
    expect(found).toEqual({ what, asked: 4, state: 0 });
  }
});

test('clients that go away do not make a subgraph look dead', async () => {
  const { url, metric } = await startRouter({
    BREAKER_CALLS_MIN: '2',
    BREAKER_OPEN_MS: never,
  });
  world.payment.behaviour = { kind: 'hang' };
  const clients = leavingClients({ url }, 4, paid);
  await expect.poll(() => world.payment.seen.length, soon).toBe(4);
  await clients.leave();
  const abandoned =
    'router_subgraph_duration_seconds_count{subgraph="payment",outcome="abandoned"}';
  await expect.poll(() => metric(abandoned), soon).toBe(4);
  expect(await metric(breaker)).toBe(0);
});

test('a subgraph that hangs does not hold up what others are asked', async () => {
  const { url, ask } = open;
  world.payment.behaviour = { kind: 'hang' };
  const clients = leavingClients({ url }, 300, '{ paymentsReady }');
  await expect.poll(() => world.payment.seen.length, soon).toBeGreaterThan(100);
  const { body } = await ask('{ order(id: "1") { id } }');
  expect(body).toEqual({ data: { order: { id: '1' } } });
  await clients.leave();
});

test('a mutation does not queue behind the queries that a slow subgraph keeps waiting', async () => {
  const { url, ask } = open;
  world.order.behaviour = { kind: 'hang', only: 'queries' };
  const clients = leavingClients({ url }, 300, '{ viewer }');
  await expect.poll(() => world.order.seen.length, soon).toBeGreaterThan(100);
  expect((await ask('mutation { placeOrder(id: "1") { id } }')).body).toEqual({
    data: { placeOrder: { id: '1' } },
  });
  await clients.leave();
});
