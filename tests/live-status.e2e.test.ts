/** Live status from two order services behind two routers, over a Redis that forgets, cuts off and dies. */
import { overSse, rawStream } from '@ordergraph/router/test/clients.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { redisOfItsOwn } from './redis-of-its-own.ts';
import { startSecondInstance, type SecondInstance } from './second-instance.ts';
import { shopUnderTest } from './shop-under-test.ts';
import {
  expectEachOnce,
  statusWatch,
  stepOf,
  stepsAfter,
  untilFlowing,
  watchAllOperation,
  watchOperation,
  type StatusChange,
  type StatusWatch,
} from './status-watch.ts';
import { placedIn, type Storefront } from './storefront.ts';

const redis = redisOfItsOwn();
const shop = shopUnderTest(() => ({ backing: redis.backing }));
const patience = { timeout: 20_000, interval: 50 };
const confirmed = ['PLACED', 'RESERVED', 'CONFIRMED'];
const cancelled = [...confirmed, 'CANCELLING', 'CANCELLED'];

let second: SecondInstance;
beforeAll(async () => {
  second = await startSecondInstance(shop.system, redis.backing);
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 10_000 });
});
afterAll(() => second?.stop());

test('while Redis is flushed, cut off and killed, streams on both instances miss nothing, repeat nothing, and never go back', async () => {
  const doors = await bothDoors('alice');
  const everything = [doors[0].watchAll(), watchAllOverSse(doors[1])] as const;
  for (const watch of everything) await untilFlowing(watch, () => place(doors[0]));
  const disturbances = [redis.flush, redis.cutOff, redis.restart, redis.flush];
  const paths = new Map<string, readonly string[]>();
  const seen: Promise<void>[] = [];
  for (let i = 0; i < 60; i += 1) {
    const [here, there] = i % 2 === 0 ? doors : doors.toReversed();
    if (i % 15 === 7) await disturbances.shift()?.();
    const id = await place(here);
    const path = i % 4 === 0 ? cancelled : confirmed;
    paths.set(id, path);
    const watches = [here.watch(id), i % 3 === 0 ? watchOverSse(there, id) : there.watch(id)];
    seen.push(...watches.map((watch) => sees(watch, path)));
    if (path === cancelled) seen.push(cancelOnceConfirmed(there, id));
  }
  await Promise.all(seen);
  const ids = new Set(paths.keys());
  const steps = [...paths.values()].flat().length;
  const [fromFirst = [], fromSecond] = await Promise.all(
    everything.map(async (watch) => {
      await vi.waitFor(() => expect(toldOf(watch.changes, ids)).toHaveLength(steps), patience);
      watch.stop();
      return toldOf(watch.changes, ids);
    }),
  );
  expect(fromSecond).toEqual(fromFirst);
  for (const [id, path] of paths) {
    expect(toldOf(fromFirst, new Set([id])).map(stepOf)).toEqual(stepsAfter(0, path));
  }
});

test('an order’s stream is continued behind any of its cursors, on either instance, without gap, repeat or snapshot', async () => {
  const doors = await bothDoors('bob');
  const id = await place(doors[0], 'tok_declined');
  const path = ['PLACED', 'RESERVED', 'RESERVED'];
  const seen: StatusChange[] = [];
  // Each change is taken from a stream of its own: first at one door, then at the other.
  const takeUntil = async (version: number): Promise<void> => {
    while ((seen.at(-1)?.version ?? 0) < version) {
      const door = doors[seen.length % 2] ?? doors[0];
      const watch = door.watch(id, seen.at(-1)?.cursor);
      const [next] = await watch.until(() => true);
      watch.stop();
      if (next) seen.push(next);
    }
  };
  await takeUntil(3);
  for (let tries = 1; tries <= 4; tries += 1) {
    await doors[tries % 2 ? 0 : 1].payOrder({ orderId: id, token: 'tok_declined' });
    path.push('RESERVED');
    await takeUntil(path.length);
  }
  await doors[1].payOrder({ orderId: id, token: 'tok_ok' });
  path.push('CONFIRMED');
  await takeUntil(path.length);
  expectEachOnce(seen, path);
  for (const { cursor, version } of seen.slice(0, -1)) {
    for (const door of doors) {
      const watch = door.watch(id, cursor);
      const rest = await watch.until(({ status }) => status === 'CONFIRMED');
      watch.stop();
      expect(rest.map(stepOf)).toEqual(stepsAfter(version, path));
    }
  }
});

test('all activity is continued behind the last cursor while orders go on, on either instance, without gap or repeat', async () => {
  const doors = await bothDoors('carol');
  const whole = doors[0].watchAll();
  await untilFlowing(whole, () => place(doors[0]));
  const from = whole.changes.at(-1)?.cursor;
  const ids = new Set<string>();
  const placing = Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const door = doors[i % 2] ?? doors[0];
      const id = await place(door);
      ids.add(id);
      if (i % 5 === 0) await cancelOnceConfirmed(door, id);
    }),
  );
  const steps = 32 * confirmed.length + 8 * cancelled.length;
  const pieces: StatusChange[] = [];
  let hops = 0;
  while (toldOf(pieces, ids).length < steps) {
    const door = doors[hops % 2] ?? doors[0];
    const watch = door.watchAll(pieces.at(-1)?.cursor ?? from);
    pieces.push(...(await watch.until(() => true)));
    watch.stop();
    hops += 1;
  }
  await placing;
  const end = pieces.at(-1)?.cursor;
  const told = await whole.until(({ cursor }) => cursor === end);
  whole.stop();
  const begin = told.findIndex(({ cursor }) => cursor === from) + 1;
  expect(pieces).toEqual(told.slice(begin, begin + pieces.length));
  expect(hops).toBeGreaterThan(2);
});

test('server-sent events carry cursors as ids, and Last-Event-ID continues behind one on the other instance', async () => {
  const doors = await bothDoors('dave');
  const id = await place(doors[0], 'tok_declined');
  const accept = 'text/event-stream';
  const operation = { query: watchOperation, variables: { orderId: id } };
  const first = await rawStream(doors[0].url, operation, { ...doors[0].headers, accept });
  await vi.waitFor(() => expect(first.text).toContain('"version":3'), patience);
  first.stop();
  const [, cursor = ''] = /^id: (.+)$/m.exec(first.text) ?? [];
  const [, version = ''] = /"version":(\d+)/.exec(first.text) ?? [];
  await doors[1].payOrder({ orderId: id, token: 'tok_ok' });
  const headers = { ...doors[1].headers, accept, 'last-event-id': cursor };
  const rest = await rawStream(doors[1].url, operation, headers);
  await vi.waitFor(() => expect(rest.text).toContain('CONFIRMED'), patience);
  rest.stop();
  const versions = [...rest.text.matchAll(/"version":(\d+)/g)].map(([, each]) => Number(each));
  expect(versions).toEqual([1, 2, 3, 4].filter((each) => each > Number(version)));
  expect(rest.text).not.toContain('"snapshot":true');
});

test('streams of an order service that is restarted end with an error and their last cursor, and go on behind it elsewhere', async () => {
  const doors = await bothDoors('erin');
  const ids = await Promise.all(Array.from({ length: 10 }, () => place(doors[0], 'tok_declined')));
  const before = await Promise.all(
    ids.map(async (id) => {
      const watch = doors[0].watch(id);
      await watch.until(({ version }) => version === 3);
      return { id, watch };
    }),
  );
  await shop.system.services.order.stop();
  try {
    await Promise.all(
      before.map(async ({ id, watch }) => {
        await vi.waitFor(() => expect(watch.end).toBeDefined(), patience);
        const cursor = watch.changes.at(-1)?.cursor;
        expect(watch.end).toMatchObject([
          { extensions: { code: 'SERVICE_UNAVAILABLE', service: 'order', cursor } },
        ]);
        await doors[1].payOrder({ orderId: id, token: 'tok_ok' });
        const after = doors[1].watch(id, cursor);
        await after.until(({ status }) => status === 'CONFIRMED');
        after.stop();
        expectEachOnce(
          [...watch.changes, ...after.changes],
          ['PLACED', 'RESERVED', 'RESERVED', 'CONFIRMED'],
        );
      }),
    );
  } finally {
    await shop.system.services.order.start();
  }
  const again = doors[0].watch(ids[0] ?? '');
  await again.until(({ snapshot, status }) => snapshot && status === 'CONFIRMED');
  again.stop();
});

async function bothDoors(subject: string): Promise<readonly [Storefront, Storefront]> {
  return [await shop.open({ subject }), await shop.open({ subject }, second.url)];
}

async function place(door: Storefront, token = 'tok_ok'): Promise<string> {
  return placedIn(await door.placeOrder({ lines: [{ sku: 'LAMP', quantity: 1 }], token })).id;
}

async function cancelOnceConfirmed(door: Storefront, id: string): Promise<void> {
  await vi.waitFor(async () => expect((await door.order(id))?.status).toBe('CONFIRMED'), patience);
  const { userErrors } = await door.cancelOrder({ orderId: id });
  expect(userErrors).toEqual([]);
}

async function sees(watch: StatusWatch, path: readonly string[]): Promise<void> {
  const changes = await watch.until(({ version }) => version === path.length);
  watch.stop();
  expectEachOnce(changes, path);
}

function toldOf(changes: readonly StatusChange[], ids: ReadonlySet<string>): StatusChange[] {
  return changes.filter(({ order }) => ids.has(order.id));
}

function watchOverSse({ url, headers }: Storefront, orderId: string): StatusWatch {
  return statusWatch(
    overSse(url, { query: watchOperation, variables: { orderId } }, { ...headers }),
  );
}

function watchAllOverSse({ url, headers }: Storefront): StatusWatch {
  return statusWatch(overSse(url, { query: watchAllOperation }, { ...headers }));
}
