/**
 * Two routers before one order service, and clients that follow orders through them. Routers are stopped, killed and
 * started again, and so is the order service, while orders go on; whatever a client used, it has seen its order's history.
 */
import { randomUUID } from 'node:crypto';
import { overSocket, overSse, socketClient } from '@ordergraph/router/test/clients.ts';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { overApollo } from './apollo-client.ts';
import { follow, type Connect, type Follower } from './follower.ts';
import { runRouter, type RouterProgram } from './processes/router-program.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { stepOf, watchAllOperation, watchOperation } from './status-watch.ts';
import { placedIn, type Storefront } from './storefront.ts';

const shop = shopUnderTest();
const patience = { timeout: 60_000, interval: 50 };

let routers: readonly [RouterProgram, RouterProgram];
let history: postgres.Sql;
beforeAll(async () => {
  routers = [await runRouter(shop.system), await runRouter(shop.system)];
  history = postgres(shop.system.databaseUrls.order, { max: 2 });
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 10_000 });
});
afterAll(async () => {
  await Promise.all([history?.end(), ...(routers ?? []).map(({ program }) => program.stop())]);
});

type Subscription = { readonly query: string; readonly variables?: Record<string, unknown> };
type Protocol = (subscription: Subscription, headers: Record<string, string>) => Connect;

/** How an application would use each client, once its connection has ended. */
const protocols: Record<string, Protocol> = {
  'graphql-ws':
    ({ query, variables }, { authorization }) =>
    (door, after) =>
      // It closes its connection with its last subscription.
      overSocket(socketClient(door, { Authorization: authorization }), {
        query,
        variables: { ...variables, after },
      }),
  'graphql-sse':
    ({ query, variables }, headers) =>
    (door, after) =>
      overSse(door, { query, variables: { ...variables, after } }, headers),
  'graphql-sse with Last-Event-ID': (subscription, headers) => (door, after) =>
    overSse(door, subscription, {
      ...headers,
      ...(after === undefined ? {} : { 'last-event-id': after }),
    }),
  'Apollo Client':
    ({ query, variables }, headers) =>
    (door, after) =>
      overApollo(door, { query, variables: { ...variables, after } }, headers),
};

/** One follower by each protocol, which begin at one router and at the other in turn. */
function followers(subscription: Subscription, { headers }: Storefront): readonly Follower[] {
  const doors = routers.map(({ url }) => url);
  return Object.values(protocols).map((protocol, i) =>
    follow(i % 2 ? doors : doors.toReversed(), protocol(subscription, { ...headers })),
  );
}

/** An order service that is away is asked again, by the same key. */
function insist<T>(act: () => Promise<T>): Promise<T> {
  return vi.waitFor(act, patience);
}

/** An order whose payment is declined again and again until it is told to come to its end. */
async function livelyOrder(customer: Storefront) {
  const key = randomUUID();
  const lines = [{ sku: 'LAMP', quantity: 1 }];
  const place = () => customer.placeOrder({ lines, token: 'tok_declined', idempotencyKey: key });
  const { id } = placedIn(await insist(place));
  const reached = (version: number) =>
    insist(async () => expect((await customer.order(id))?.version).toBe(version));
  const pay = async (token: string): Promise<void> => {
    const idempotencyKey = randomUUID();
    const { userErrors } = await insist(() =>
      customer.payOrder({ orderId: id, token, idempotencyKey }),
    );
    expect(userErrors).toEqual([]);
  };
  let isCalm = false;
  const live = async (): Promise<void> => {
    let version = 3;
    await reached(version);
    while (!isCalm) {
      await pay('tok_declined');
      await reached((version += 1));
    }
    await pay('tok_ok');
    await reached((version += 1));
    const idempotencyKey = randomUUID();
    await insist(() => customer.cancelOrder({ orderId: id, idempotencyKey }));
    await reached(version + 2);
  };
  const life = live();
  return {
    id,
    async end() {
      isCalm = true;
      await life;
    },
  };
}

/** What there was to see of an order, as its own history has it. */
async function stepsOf(orderId: string) {
  return history`
    select version, previous_status as "previousStatus", status from order_history
    where order_id = ${orderId} order by version`;
}

/** What there was to see of all of a customer's orders. */
async function activityOf(customerId: string) {
  const rows = await history<{ id: string; version: number }[]>`
    select order_id as id, version from order_history
    where customer_id = ${customerId} order by transaction, position`;
  return rows.map(({ id, version }) => `${id} ${version}`);
}

async function expectWholeOrder(follower: Follower, orderId: string): Promise<void> {
  const steps = await stepsOf(orderId);
  await vi.waitFor(
    () => expect(follower.changes.at(-1)?.version ?? follower.faults).toBe(steps.length),
    patience,
  );
  const [first, ...later] = follower.changes;
  expect(first?.snapshot).toBe(true);
  expect(later.map(stepOf)).toEqual(
    steps.slice(first?.version).map((step) => ({ ...step, snapshot: false })),
  );
  expect(follower.faults).toEqual([]);
}

async function expectWholeActivity(follower: Follower, customerId: string): Promise<void> {
  const all = await activityOf(customerId);
  const seen = () => follower.changes.map(({ order, version }) => `${order.id} ${version}`);
  await vi.waitFor(() => expect(seen().at(-1)).toBe(all.at(-1)), patience);
  expect(seen()).toEqual(all.slice(all.indexOf(seen()[0] ?? '')));
  expect(follower.faults).toEqual([]);
}

/** Begins with a first change each, without which nobody could continue. */
async function scene(subject: string) {
  const customer = await shop.open({ subject });
  const activity = followers({ query: watchAllOperation }, customer);
  const orders = [await livelyOrder(customer), await livelyOrder(customer)];
  const watches = orders.flatMap(({ id }) =>
    followers({ query: watchOperation, variables: { orderId: id } }, customer).map((follower) => ({
      id,
      follower,
    })),
  );
  const all = [...activity, ...watches.map(({ follower }) => follower)];
  const more = () => expectMoreFor(all);
  await more();
  return {
    all,
    more,
    expectAllSeen: async () => {
      await Promise.all(orders.map((order) => order.end()));
      await Promise.all([
        ...activity.map((follower) => expectWholeActivity(follower, subject)),
        ...watches.map(({ follower, id }) => expectWholeOrder(follower, id)),
      ]);
      await Promise.all(all.map((follower) => follower.stop()));
    },
  };
}

/** Life goes on until each has seen more of it. */
async function expectMoreFor(all: readonly Follower[]): Promise<void> {
  const before = all.map(({ changes }) => changes.length);
  const behind = () => all.filter(({ changes }, i) => changes.length <= (before[i] ?? 0));
  await vi.waitFor(() => expect(behind().map(({ faults }) => faults)).toEqual([]), patience);
}

function connectionsOf(all: readonly Follower[]): readonly number[] {
  return all.map(({ connections }) => connections);
}

test('while the order service is restarted, no client is made to connect again, and none misses, repeats or reorders a change', async () => {
  const { all, more, expectAllSeen } = await scene('alice');
  const { order } = shop.system.services;
  const before = connectionsOf(all);
  for (let times = 0; times < 2; times += 1) {
    await order.stop();
    await order.start();
    await more();
  }
  expect(connectionsOf(all)).toEqual(before);
  await expectAllSeen();
});

test('while either router is stopped, killed and started again, and the order service with it, no client misses, repeats or reorders a change', async () => {
  const { all, more, expectAllSeen } = await scene('bob');
  const { order } = shop.system.services;
  const [first, second] = routers.map(({ program }) => program);
  const disturbances = [
    async () => {
      await first?.stop();
      await more();
      await first?.start();
    },
    async () => {
      await second?.kill();
      await more();
      await second?.start();
    },
    async () => {
      await Promise.all([first?.kill(), order.stop()]);
      await Promise.all([first?.start(), order.start()]);
    },
    async () => {
      await Promise.all([second?.stop(), order.stop()]);
      await Promise.all([first?.kill(), order.start()]);
      await Promise.all([first?.start(), second?.start()]);
    },
  ];
  for (const disturb of disturbances) {
    await disturb();
    await more();
  }
  for (const connections of connectionsOf(all)) expect(connections).toBeGreaterThan(2);
  await expectAllSeen();
});
