/** A router that is asked for more than it can do loses what matters least, and says so, on every transport. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { request } from 'undici';
import { ask, transports } from '../test/asking.ts';
import { leavingClients } from '../test/leaving-clients.ts';
import { post, startTestRouter } from '../test/router.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;
let authorization: string;

beforeAll(async () => {
  // Ten places: six for spare operations, eight for usual ones.
  world = await startTestRouter({
    SHARED_READS: 'off',
    OPERATIONS_MAX: '10',
    OPERATION_WAIT_MS: '20',
    OPERATION_COST_MAX: '30',
    SUBGRAPH_TIMEOUT_MS: '60000',
  });
  authorization = `Bearer ${await world.tokens.token()}`;
});
afterAll(() => world.stop());

let floods: ReturnType<typeof leavingClients>[] = [];
beforeEach(() => {
  world.order.behaviour = { kind: 'hang', only: 'queries' };
  world.order.seen.length = 0;
});
afterEach(async () => {
  await Promise.all(floods.splice(0).map((clients) => clients.leave()));
  world.order.behaviour = { kind: 'serve' };
  // Their places are free when the router has noticed.
  await vi.waitFor(async () => {
    const { status } = await post(world.url, '{ viewer }');
    if (status !== 200) throw new Error('the flood still has its places');
  }, soon);
});

/** Longer than anything here takes on a busy machine. */
const soon = { timeout: 15_000, interval: 5 };
const mutation = 'mutation { placeOrder(id: "1") { id payment { status } } }';
const placed = { data: { placeOrder: { id: '1', payment: { status: 'paid-1' } } } };

/** Queries that never end, of callers who are known or not. */
async function flood(count: number, places: number, headers: Record<string, string> = {}) {
  const clients = leavingClients({ url: world.url, headers }, count, '{ viewer }');
  floods.push(clients);
  await expect.poll(() => world.order.seen.length, soon).toBe(places);
  return clients;
}

async function shed(kind: string): Promise<number> {
  const { body } = await request(world.url.replace('/graphql', '/metrics'));
  const line = new RegExp(`^router_shed_total\\{class="${kind}"\\} (\\d+)$`, 'm');
  return Number(line.exec(await body.text())?.[1] ?? 0);
}

test('under a flood of slow queries a mutation gets through, and queries are refused with code and header', async () => {
  const before = await shed('usual');
  const clients = await flood(20, 8, { authorization });
  await expect.poll(() => shed('usual'), soon).toBe(before + 12);
  expect((await post(world.url, mutation)).body).toEqual(placed);
  const refused = await post(world.url, '{ viewer }', { headers: { authorization } });
  expect(refused.status).toBe(503);
  expect(refused.headers['retry-after']).toMatch(/^[123]$/);
  expect(refused.body).toEqual({
    errors: [
      {
        message: expect.any(String),
        extensions: {
          code: 'SERVICE_UNAVAILABLE',
          retryAfterSeconds: Number(refused.headers['retry-after']),
        },
      },
    ],
  });
  // None of those who were refused has reached the subgraph.
  expect(world.order.seen).toHaveLength(9);
  await clients.leave();
  const statuses = (await clients.answers()).map(({ status }) => status);
  expect(statuses).toEqual(Array.from({ length: 12 }, () => 503));
});

test('strangers are refused before known callers are, and these before mutations', async () => {
  await flood(10, 6);
  const stranger = await post(world.url, '{ paymentsReady }');
  expect(stranger.status).toBe(503);
  const known = await post(world.url, '{ paymentsReady }', { headers: { authorization } });
  expect(known.body).toEqual({ data: { paymentsReady: true } });
  await flood(10, 8, { authorization });
  const late = await post(world.url, '{ paymentsReady }', { headers: { authorization } });
  expect(late.status).toBe(503);
  expect((await post(world.url, mutation)).body).toEqual(placed);
});

test.each(transports)('by %s a refused operation is told so', async (transport) => {
  await flood(20, 8, { authorization });
  const reply = await ask(world.url, transport, {
    parameters: { query: '{ paymentsReady }' },
    authorization,
  });
  expect(reply.codes).toEqual(['SERVICE_UNAVAILABLE']);
  expect(reply.data).toBeUndefined();
});

test('new subscriptions are refused as strangers are, and open streams go on', async () => {
  const subscription = { parameters: { query: 'subscription { ticks }' }, authorization };
  const open = ask(world.url, 'WebSocket', subscription);
  await expect.poll(() => world.order.subscriptions(), soon).toBe(1);
  await flood(20, 8, { authorization });
  expect((await ask(world.url, 'WebSocket', subscription)).codes).toEqual(['SERVICE_UNAVAILABLE']);
  world.order.publish({ ticks: 7 });
  expect((await open).data).toEqual({ ticks: 7 });
});

test('an operation that waits comes in when a place becomes free', async () => {
  const router = await world.start({ OPERATION_WAIT_MS: '60000' });
  const clients = leavingClients({ url: router.url, headers: { authorization } }, 8, '{ viewer }');
  await expect.poll(() => world.order.seen.length, soon).toBe(8);
  const waiting = post(router.url, '{ paymentsReady }', { headers: { authorization } });
  await clients.leave();
  expect((await waiting).body).toEqual({ data: { paymentsReady: true } });
  await router.stop();
});

test('where vital fields are named, other mutations are as usual as queries', async () => {
  const router = await world.start({ VITAL_FIELDS: 'Query.paymentsReady' });
  const clients = leavingClients({ url: router.url, headers: { authorization } }, 8, '{ viewer }');
  await expect.poll(() => world.order.seen.length, soon).toBe(8);
  expect((await post(router.url, mutation)).status).toBe(503);
  expect((await post(router.url, '{ paymentsReady }')).body).toEqual({
    data: { paymentsReady: true },
  });
  await clients.leave();
  await router.stop();
});

test('a place is given back by operations that come to nothing', async () => {
  world.order.behaviour = { kind: 'serve' };
  for (let i = 0; i < 30; i += 1) {
    const dear = await post(
      world.url,
      '{ a: orders { id } b: orders { id } c: orders { id } d: orders { id } }',
    );
    expect(dear.body.errors[0].extensions.code).toBe('QUERY_TOO_COMPLEX');
  }
  expect((await post(world.url, '{ viewer }')).status).toBe(200);
});
