// oxlint-disable vitest/expect-expect -- `expectOnce` expects
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  startBackingServices,
  type BackingServices,
} from '@ordergraph/scripts/embedded/services.ts';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { openMessaging, type Messaging } from './test/messaging.ts';

let dataDir: string;
let services: BackingServices;
let messaging: Messaging;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ordergraph-messaging-'));
  services = await startBackingServices({
    dataDir,
    programsDir: fileURLToPath(new URL('../.data/bin', import.meta.url)),
    ephemeral: true,
    databaseUrl: inject('databaseUrl'),
    redisUrl: inject('redisUrl'),
    log: () => undefined,
  });
});
afterAll(async () => {
  await services.stop();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  messaging = await openMessaging({ natsUrl: services.natsUrl });
});
afterEach(() => messaging.close());

const soon = { timeout: 25_000, interval: 50 };
const store = (): string => join(dataDir, 'nats', 'jetstream');
const copy = (): string => join(dataDir, 'copy');
const subjects = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `ord_${i % 5}`);

async function expectOnce(consumer: string, ids: readonly string[]): Promise<void> {
  const read = async (): Promise<string[]> =>
    (await messaging.effects(consumer)).map(({ event_id }) => event_id).toSorted();
  await expect.poll(read, soon).toEqual(ids.toSorted());
}

async function expectPublished(): Promise<void> {
  await expect.poll(() => messaging.unpublished(), soon).toBe(0);
}

/** Stops the server and keeps a copy of its store, or puts the copy back. */
async function whileStopped(work: () => Promise<void>): Promise<void> {
  await services.stopNats();
  await work();
  await services.startNats();
}
const takeCopy = (): Promise<void> =>
  whileStopped(async () => {
    await rm(copy(), { recursive: true, force: true });
    await cp(store(), copy(), { recursive: true });
  });
const putCopyBack = (): Promise<void> =>
  whileStopped(async () => {
    await rm(store(), { recursive: true, force: true });
    await cp(copy(), store(), { recursive: true });
  });

test('a server that is killed and started again is found again by relay and consumers', async () => {
  messaging.relay();
  messaging.consumer({ consumer: 'reader' });
  const ids = await messaging.write(subjects(20));
  await expectOnce('reader', ids);
  await services.restartNats();
  ids.push(...(await messaging.write(subjects(20))));
  await expectOnce('reader', ids);
  expect(messaging.logged.join()).not.toContain('from its start');
});

test('a server that lost its disk gets everything again, and effects stay single', async () => {
  messaging.relay();
  messaging.consumer({ consumer: 'reader' });
  const ids = await messaging.write(subjects(50));
  await expectOnce('reader', ids);
  await services.restartNats({ wipe: true });
  ids.push(...(await messaging.write(subjects(20))));
  await expectOnce('reader', ids);
  messaging.consumer({ consumer: 'newcomer' });
  await expectOnce('newcomer', ids);
});

test('a stream put back to an older copy gets what it lost, also where new events took the same places', async () => {
  const relay = messaging.relay();
  messaging.consumer({ consumer: 'reader' });
  const ids = await messaging.write(subjects(30));
  await expectOnce('reader', ids);
  await takeCopy();
  ids.push(...(await messaging.write(subjects(30))));
  await expectOnce('reader', ids);
  await expectPublished();
  // Nobody is watching while the store goes back, and there is news to publish when the relay returns.
  await relay.stop();
  await putCopyBack();
  ids.push(...(await messaging.write(subjects(100))));
  messaging.relay();
  await expectOnce('reader', ids);
  messaging.consumer({ consumer: 'newcomer' });
  await expectOnce('newcomer', ids);
  await expectPublished();
});

test('a consumer that was away while the stream went back misses nothing', async () => {
  messaging.relay();
  const reader = messaging.consumer({ consumer: 'reader' });
  const ids = await messaging.write(subjects(10));
  await expectOnce('reader', ids);
  await takeCopy();
  ids.push(...(await messaging.write(subjects(10))));
  await expectOnce('reader', ids);
  await reader.stop();
  ids.push(...(await messaging.write(subjects(10))));
  await expectPublished();
  await putCopyBack();
  messaging.consumer({ consumer: 'reader' });
  await expectOnce('reader', ids);
});

test('a consumer ahead of its stream starts over', async () => {
  const { bus, sql, stream } = messaging;
  const relay = messaging.relay();
  const reader = messaging.consumer({ consumer: 'reader' });
  const ids = await messaging.write(subjects(10));
  await expectOnce('reader', ids);
  await takeCopy();
  const unmarked = await messaging.write(subjects(10));
  await expectOnce('reader', [...ids, ...unmarked]);
  await reader.stop();
  await relay.stop();
  // The power fails: the stream loses what the relay had not marked yet, while the consumer's own state is kept.
  await sql`delete from outbox where stream_sequence > 10`;
  await sql`update stream_state set last_sequence = 10`;
  await whileStopped(async () => {
    const messages = join('$G', 'streams', stream, 'msgs');
    await rm(join(store(), messages), { recursive: true });
    await cp(join(copy(), messages), join(store(), messages), { recursive: true });
  });
  messaging.consumer({ consumer: 'reader' });
  const pulls = async (): Promise<number> =>
    (await bus.manager.consumers.info(stream, 'reader').catch(() => undefined))?.num_waiting ?? 0;
  await expect.poll(pulls, soon).toBeGreaterThan(0);
  // Other events now take the places of those that were lost.
  const news = await messaging.write(subjects(10));
  messaging.relay();
  await expectOnce('reader', [...ids, ...unmarked, ...news]);
});

test('a server that is away for a while delays events and loses none, and stopping does not wait for it', async () => {
  messaging.relay();
  messaging.consumer({ consumer: 'reader' });
  const ids = await messaging.write(subjects(5));
  await expectOnce('reader', ids);
  await services.stopNats();
  ids.push(...(await messaging.write(subjects(5))));
  const spare = messaging.consumer({ consumer: 'spare' });
  const startMs = performance.now();
  await spare.stop();
  expect(performance.now() - startMs).toBeLessThan(6_000);
  await services.startNats();
  await expectOnce('reader', ids);
});
