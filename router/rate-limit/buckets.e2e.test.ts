/** The shared buckets on a real Redis: exact, equal to the model, and done without when it is away or dumb. */
import { randomUUID } from 'node:crypto';
import { createLogger } from '@ordergraph/platform/logger.ts';
import * as fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { openStallableWire, type StallableWire } from '../test/stallable-wire.ts';
import { bucketScript } from './bucket-script.ts';
import { createBuckets, type Buckets } from './buckets.ts';
import { openRedisBuckets } from './redis-buckets.ts';
import { take, type BucketState } from './token-bucket.ts';

const logger = createLogger('router', 'silent');
const patience = { timeout: 10_000, interval: 20 };
const slow = { capacity: 10, refillPerSecond: 1 };

let redis: Redis;
let wire: StallableWire;
const opened: Buckets[] = [];
beforeEach(async () => {
  redis = new Redis(inject('redisUrl'));
  wire = await openStallableWire(Number(new URL(inject('redisUrl')).port));
});
afterEach(async () => {
  for (const buckets of opened.splice(0)) buckets.close();
  await wire.stop();
  redis.disconnect();
});

/** As one of so many routers has them. */
function open(options: { routers?: number; url?: string; timeoutMs?: number } = {}): Buckets {
  // Time enough for a busy machine, where Redis is to answer.
  const { routers = 1, url = `redis://127.0.0.1:${wire.port}`, timeoutMs = 5_000 } = options;
  const buckets = createBuckets({
    redis: openRedisBuckets({ url, timeoutMs, logger }),
    routers,
    logger,
  });
  opened.push(buckets);
  return buckets;
}

async function sharing(options: Parameters<typeof open>[0] = {}): Promise<Buckets> {
  const buckets = open(options);
  await expect.poll(() => buckets.shared, patience).toBe(true);
  return buckets;
}

const newKey = () => `test:rate:${randomUUID()}`;
const asking = (ask: number) => ({ settle: 0, ask });

test('two routers give together what one bucket holds, and not a unit more', async () => {
  const [one, other] = await Promise.all([sharing(), sharing()]);
  const key = newKey();
  const plan = { capacity: 100, refillPerSecond: 1 };
  const started = Date.now();
  const taken = await Promise.all(
    Array.from({ length: 400 }, (_, i) => (i % 2 ? one : other).take(key, plan, asking(1))),
  );
  const admitted = taken.filter((each) => each.admitted).length;
  expect(admitted).toBeGreaterThanOrEqual(100);
  expect(admitted).toBeLessThanOrEqual(100 + Math.ceil((Date.now() - started) / 1000));
});

test('the script does with any bucket what the model does', async () => {
  const script = bucketScript('local now = tonumber(ARGV[5])');
  const steps = fc.array(
    fc.record({
      afterMs: fc.integer({ min: -1_000, max: 20_000 }),
      settle: fc.integer({ min: -300, max: 300 }),
      ask: fc.integer({ min: 0, max: 300 }),
      plan: fc.constantFrom(
        { capacity: 100, refillPerSecond: 7 },
        { capacity: 80, refillPerSecond: 1 },
        { capacity: 1_000_000_000, refillPerSecond: 1_000_000_000 },
      ),
    }),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (orders) => {
      const key = newKey();
      let bucket: BucketState | undefined;
      let nowMs = Date.now();
      for (const { afterMs, settle, ask, plan } of orders) {
        nowMs += afterMs;
        const model = take(bucket, { plan, order: { settle, ask }, nowMs });
        // A full bucket is not kept.
        bucket = model.bucket.tokens >= plan.capacity * 1000 ? undefined : model.bucket;
        const { capacity, refillPerSecond } = plan;
        const values = [capacity, refillPerSecond, settle, ask, nowMs];
        const answer = await redis.eval(script.text, 1, key, ...values);
        const { admitted, available, retryAfterMs } = model.taken;
        expect(answer).toEqual([
          admitted ? 1 : 0,
          String(Math.round(available * 1000)),
          String(retryAfterMs),
        ]);
      }
      await redis.del(key);
    }),
    { numRuns: 60 },
  );
});

test('a bucket lives in Redis until it would be full again, and a full one does not', async () => {
  const buckets = await sharing();
  const key = newKey();
  await buckets.take(key, slow, asking(5));
  const leftMs = await redis.pttl(key);
  expect(leftMs).toBeGreaterThan(4_000);
  expect(leftMs).toBeLessThanOrEqual(6_000);
  await buckets.take(key, slow, { settle: -5, ask: 0 });
  expect(await redis.exists(key)).toBe(0);
});

test('a Redis that has forgotten the script is told it again', async () => {
  const buckets = await sharing();
  const key = newKey();
  await buckets.take(key, slow, asking(1));
  await redis.script('FLUSH');
  expect((await buckets.take(key, slow, asking(1))).available).toBeLessThan(9);
  expect(buckets.shared).toBe(true);
});

test('a Redis that hangs costs the calls under way their time-out, and no call after them is sent', async () => {
  const buckets = await sharing({ routers: 2, timeoutMs: 40 });
  const key = newKey();
  await buckets.take(key, slow, asking(4));
  wire.stall();
  const during = await Promise.all([1, 2, 3].map(() => buckets.take(key, slow, asking(1))));
  expect(during.every(({ admitted }) => admitted)).toBe(true);
  expect(buckets.shared).toBe(false);
  const after = await Promise.all([1, 2, 3].map(() => buckets.take(key, slow, asking(1))));
  // A router of two gives half of the plan: five.
  expect(after.map(({ admitted }) => admitted)).toEqual([true, true, false]);
  expect(after[0]?.plan).toEqual({ capacity: 5, refillPerSecond: 0.5 });
});

test('when Redis answers again its buckets are used again', async () => {
  const buckets = await sharing({ timeoutMs: 40 });
  wire.stall();
  await buckets.take(newKey(), slow, asking(1));
  expect(buckets.shared).toBe(false);
  wire.flow();
  const inRedis = async () => {
    const key = newKey();
    await buckets.take(key, slow, asking(3));
    return redis.exists(key);
  };
  await expect.poll(inRedis, patience).toBe(1);
});

test('a router that never reached Redis keeps its own buckets, be nobody there or somebody dumb', async () => {
  wire.stall();
  for (const url of ['redis://127.0.0.1:9', `redis://127.0.0.1:${wire.port}`]) {
    const buckets = open({ routers: 5, url });
    const key = newKey();
    const taken = await Promise.all([1, 2, 3].map(() => buckets.take(key, slow, asking(1))));
    expect(taken.map(({ admitted }) => admitted)).toEqual([true, true, false]);
    expect(buckets.shared).toBe(false);
  }
});

test('a caller cannot fill its own bucket by an outage that comes and goes', async () => {
  const buckets = await sharing({ routers: 2, timeoutMs: 40 });
  const key = newKey();
  for (let outage = 0; outage < 3; outage += 1) {
    wire.stall();
    await buckets.take(newKey(), slow, asking(1));
    const { available } = await buckets.take(key, slow, asking(2));
    expect(available).toBeLessThan(5);
    wire.flow();
    await expect.poll(() => buckets.shared, patience).toBe(true);
  }
  wire.stall();
  await buckets.take(newKey(), slow, asking(1));
  // Six of five were asked in some seconds, in which half a unit a second came back.
  expect((await buckets.take(key, slow, asking(5))).admitted).toBe(false);
});
