import { randomUUID } from 'node:crypto';
import { openLiveUpdates, type LiveUpdates } from '@ordergraph/platform/live-updates.ts';
import { testDatabase, type TestDatabase } from '@ordergraph/tests/database.ts';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import type { OrderChange } from '../domain/order.ts';
import { handleInventoryEvents, handlePaymentEvents } from '../messaging/consumers.ts';
import { feedEnd, isBehind } from '../store/history.ts';
import {
  payment,
  place,
  placement,
  placeOne,
  policy,
  stock,
  stockCatalogue,
} from '../test/builders.ts';
import { streamActivity } from './activity-stream.ts';
import { startFeed, type Feed } from './feed.ts';
import { streamOrder } from './order-stream.ts';

const logger = pino({ level: 'silent' });
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase(new URL('../store/migrations/', import.meta.url));
  await stockCatalogue(database.sql);
});
afterAll(() => database.drop());

type Instance = { feed: Feed; updates: LiveUpdates };

/** One instance of the order service's live part; instances with the same topic hear each other. */
async function startInstance(topic: string): Promise<Instance> {
  const updates = openLiveUpdates(inject('redisUrl'), topic, logger);
  const feed = await startFeed({ sql: database.sql, updates, logger });
  onTestFinished(async () => {
    await feed.stop();
    updates.close();
  });
  return { feed, updates };
}

async function reserve(orderId: string, instance?: Instance): Promise<void> {
  const changes = await database.sql.begin((tx) =>
    handleInventoryEvents(tx, [stock.held(orderId)], { now: new Date(), policy }),
  );
  instance?.updates.publish(changes);
}

async function pay(orderId: string, totalMinor: number, instance?: Instance): Promise<void> {
  const changes = await database.sql.begin((tx) =>
    handlePaymentEvents(tx, [payment.captured(orderId, totalMinor)], { now: new Date(), policy }),
  );
  instance?.updates.publish(changes);
}

async function decline(orderId: string, instance?: Instance): Promise<void> {
  const changes = await database.sql.begin((tx) =>
    handlePaymentEvents(tx, [payment.declined(orderId)], { now: new Date(), policy }),
  );
  instance?.updates.publish(changes);
}

async function take<T>(stream: AsyncGenerator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const { value, done } = await stream.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

function versions(changes: readonly OrderChange[]): number[] {
  return changes.map(({ version }) => version);
}

test('a stream on one instance shows what another committed, in order', async () => {
  const topic = randomUUID();
  const [here, there] = [await startInstance(topic), await startInstance(topic)];
  const { id, totalMinor } = await placeOne(database.sql);
  const stream = streamOrder({ sql: database.sql, feed: here.feed }, id, 1);
  const taken = take(stream, 2);
  await reserve(id, there);
  await pay(id, totalMinor, there);
  expect((await taken).map(({ status }) => status)).toEqual(['RESERVED', 'CONFIRMED']);
});

test('changes that Redis never carried arrive all the same, once and in order', async () => {
  const instance = await startInstance(randomUUID());
  const { id, totalMinor } = await placeOne(database.sql);
  const stream = streamOrder({ sql: database.sql, feed: instance.feed }, id, 1);
  const taken = take(stream, 3);
  await reserve(id);
  await decline(id);
  await pay(id, totalMinor, instance);
  expect(versions(await taken)).toEqual([2, 3, 4]);
});

test('messages that come twice, late and out of order change nothing', async () => {
  const instance = await startInstance(randomUUID());
  const { id, totalMinor } = await placeOne(database.sql);
  const stream = streamOrder({ sql: database.sql, feed: instance.feed }, id, 0);
  await reserve(id);
  await pay(id, totalMinor);
  const all = await take(streamOrder({ sql: database.sql, feed: instance.feed }, id, 0), 3);
  for (const change of [...all.toReversed(), ...all, { ...all[0], version: 'rubbish' }]) {
    instance.updates.publish([change]);
  }
  expect(versions(await take(stream, 3))).toEqual([1, 2, 3]);
  await decline(id);
  const next = stream.next();
  await stream.return(undefined);
  expect(await next).toEqual({ value: undefined, done: true });
});

test('a flushed and a broken Redis lose no change', async () => {
  const topic = randomUUID();
  const instance = await startInstance(topic);
  const admin = new Redis(inject('redisUrl'));
  onTestFinished(() => admin.disconnect());
  const { id, totalMinor } = await placeOne(database.sql);
  const stream = streamOrder({ sql: database.sql, feed: instance.feed }, id, 1);
  await admin.flushall();
  await reserve(id, instance);
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await pay(id, totalMinor, instance);
  expect(versions(await take(stream, 2))).toEqual([2, 3]);
});

test('a resumed stream begins behind its cursor, whatever was missed', async () => {
  const instance = await startInstance(randomUUID());
  const { id, totalMinor } = await placeOne(database.sql);
  await reserve(id);
  await pay(id, totalMinor);
  const stream = streamOrder({ sql: database.sql, feed: instance.feed }, id, 2);
  expect(versions(await take(stream, 1))).toEqual([3]);
});

test('a reader that does not read costs a bounded buffer and still gets everything', async () => {
  const instance = await startInstance(randomUUID());
  const { id } = await placeOne(database.sql);
  await reserve(id, instance);
  const stream = streamOrder({ sql: database.sql, feed: instance.feed }, id, 0);
  for (let i = 0; i < 100; i += 1) await decline(id, instance);
  expect(versions(await take(stream, 102))).toEqual(Array.from({ length: 102 }, (_, i) => i + 1));
});

test('ending a stream wakes whoever waits for it', async () => {
  const instance = await startInstance(randomUUID());
  const { id } = await placeOne(database.sql);
  const stream = streamOrder({ sql: database.sql, feed: instance.feed }, id, 1);
  const waiting = stream.next();
  await stream.return(undefined);
  expect(await waiting).toEqual({ value: undefined, done: true });
});

test('the activity of a customer shows that customer’s changes alone, each once', async () => {
  const topic = randomUUID();
  const [here, there] = [await startInstance(topic), await startInstance(topic)];
  const customer = randomUUID();
  const from = await feedEnd(database.sql);
  const stream = streamActivity({ sql: database.sql, feed: here.feed }, customer, from);
  const mine = await placeOne(database.sql, { caller: customer });
  const theirs = await placeOne(database.sql, { caller: 'somebody else' });
  await reserve(theirs.id, there);
  await reserve(mine.id, there);
  await pay(mine.id, mine.totalMinor, there);
  const entries = await take(stream, 3);
  expect(entries.map(({ orderId, version }) => [orderId, version])).toEqual([
    [mine.id, 1],
    [mine.id, 2],
    [mine.id, 3],
  ]);
});

test('activity continues behind any of its cursors without gap or repeat, while orders go on changing', async () => {
  const topic = randomUUID();
  const instance = await startInstance(topic);
  const start = await feedEnd(database.sql);
  const work = Array.from({ length: 20 }, async () => {
    const { id, totalMinor } = await placeOne(database.sql, { caller: topic });
    await reserve(id, instance);
    await pay(id, totalMinor, instance);
  });
  const whole = await take(
    streamActivity({ sql: database.sql, feed: instance.feed }, topic, start),
    60,
  );
  await Promise.all(work);
  for (const cut of [0, 1, 17, 42, 58]) {
    const from = whole[cut];
    if (!from) throw new Error('The stream is too short');
    const other = await startInstance(topic);
    const rest = await take(
      streamActivity({ sql: database.sql, feed: other.feed }, topic, from),
      59 - cut,
    );
    expect(rest.map(({ id }) => id)).toEqual(whole.slice(cut + 1).map(({ id }) => id));
  }
});

test('a change of a transaction that began first and commits last is not passed over', async () => {
  const instance = await startInstance(randomUUID());
  const customer = randomUUID();
  const [slow, fast] = [
    await placeOne(database.sql, { caller: customer }),
    await placeOne(database.sql, { caller: customer }),
  ];
  const from = await feedEnd(database.sql);
  const stream = streamActivity({ sql: database.sql, feed: instance.feed }, customer, from);
  const written = Promise.withResolvers<void>();
  const mayCommit = Promise.withResolvers<void>();
  const first = database.sql.begin(async (tx) => {
    await handleInventoryEvents(tx, [stock.held(slow.id)], { now: new Date(), policy });
    written.resolve();
    await mayCommit.promise;
  });
  await written.promise;
  await reserve(fast.id, instance);
  const taken = take(stream, 2);
  mayCommit.resolve();
  await first;
  const entries = await taken;
  expect(new Set(entries.map(({ orderId }) => orderId))).toEqual(new Set([slow.id, fast.id]));
  const [a, b] = entries;
  expect(a && b && isBehind(b, a)).toBe(true);
});

test('activity that waits longer than memory holds is read from the history, without gap or repeat', async () => {
  const instance = await startInstance(randomUUID());
  const customer = randomUUID();
  const from = await feedEnd(database.sql);
  const stream = streamActivity({ sql: database.sql, feed: instance.feed }, customer, from);
  const follower = streamActivity({ sql: database.sql, feed: instance.feed }, customer, from);
  const key = (wave: number, i: number): string => `${customer}:${wave}:${i}`;
  const placeWave = async (wave: number): Promise<void> => {
    const requests = Array.from({ length: 700 }, (_, i) =>
      placement(key(wave, i), { caller: customer }),
    );
    const results = await place(database.sql, requests);
    const changes = results.flatMap((result) => (result.kind === 'placed' ? [result.change] : []));
    // The first is told, so that all are tailed now and not at the next look.
    instance.updates.publish(changes.slice(0, 1));
  };
  // The follower reads each wave to its end, so the feed has handed it to the stream that nobody reads.
  const followed: string[] = [];
  for (let wave = 0; wave < 3; wave += 1) {
    await placeWave(wave);
    followed.push(...(await take(follower, 700)).map(({ id }) => id));
  }
  const some = (await take(stream, 10)).map(({ id }) => id);
  await placeWave(3);
  followed.push(...(await take(follower, 700)).map(({ id }) => id));
  const rest = (await take(stream, 2790)).map(({ id }) => id);
  expect([...some, ...rest]).toEqual(followed);
});
