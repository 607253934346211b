/** What a caller is charged, on a real Redis. */
import { randomUUID } from 'node:crypto';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { GraphQLError } from 'graphql';
import { afterEach, expect, inject, test } from 'vitest';
import type { Caller } from '../request.ts';
import { createBuckets } from './buckets.ts';
import { plansFor, type CallerKind } from './plans.ts';
import { createRateLimiter, type Account, type RateLimiter } from './rate-limiter.ts';
import { openRedisBuckets } from './redis-buckets.ts';

const logger = createLogger('router', 'silent');
const patience = { timeout: 10_000, interval: 20 };
const plans = plansFor(true, { customer: { capacity: 100, refillPerSecond: 1 } });
const secret = 'a secret of the tests, thirty-two and more';

const opened: RateLimiter[] = [];
const throttled: CallerKind[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((limiter) => limiter.close()));
  throttled.splice(0);
});

async function open(): Promise<RateLimiter> {
  const redis = openRedisBuckets({ url: inject('redisUrl'), timeoutMs: 5_000, logger });
  const buckets = createBuckets({ redis, routers: 1, logger });
  await expect.poll(() => buckets.shared, patience).toBe(true);
  const limiter = createRateLimiter({
    buckets,
    plans,
    secret,
    onThrottled: (kind) => throttled.push(kind),
  });
  opened.push(limiter);
  return limiter;
}

function newCustomer(): Caller {
  return {
    identity: { subject: randomUUID(), role: 'customer', scopes: [] },
    expiresAtMs: Date.now() + 60_000,
  };
}

async function refusalOf(attempt: () => unknown): Promise<GraphQLError> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const charged = async (account: Account, cost: number): Promise<number> =>
  (await account.charge(cost)).settle(cost).currentlyAvailable;

test('the expected cost is charged, and corrected by the actual one', async () => {
  const account = (await open()).account(newCustomer(), '');
  const charge = await account.charge(40);
  expect(charge.settle(10)).toEqual({
    maximumAvailable: 100,
    currentlyAvailable: 90,
    restoreRate: 1,
  });
  expect(await charged(account, 1)).toBeGreaterThanOrEqual(89);
});

test('a correction waits for the next request or a moment, and holds for other routers too', async () => {
  const caller = newCustomer();
  const [one, other] = await Promise.all([open(), open()]);
  const charge = await one.account(caller, '').charge(20);
  charge.settle(70);
  const seenByOther = async () => (await other.account(caller, '').charge(0)).settle(0);
  await expect
    .poll(async () => (await seenByOther()).currentlyAvailable, patience)
    .toBeLessThan(40);
});

test('what costs more than is left is refused with the time to wait, and says no more', async () => {
  const account = (await open()).account(newCustomer(), '');
  await account.charge(95);
  const { message, extensions } = await refusalOf(() => account.charge(30));
  expect(extensions).toEqual({ code: 'THROTTLED', retryAfterSeconds: expect.any(Number) });
  expect(extensions['retryAfterSeconds']).toBeGreaterThanOrEqual(24);
  expect(extensions['retryAfterSeconds']).toBeLessThanOrEqual(25);
  expect(message).not.toMatch(/\d/);
  expect(throttled).toEqual(['customer']);
});

test('what costs more than a full bucket is too complex, not too much', async () => {
  const account = (await open()).account(newCustomer(), '');
  expect((await refusalOf(() => account.charge(101))).extensions['code']).toBe('QUERY_TOO_COMPLEX');
  expect(await charged(account, 1)).toBe(99);
});

test('a bucket that is known to be empty refuses without being asked, until there is something in it', async () => {
  const caller = newCustomer();
  const limiter = await open();
  const account = limiter.account(caller, '');
  account.refuseIfEmpty();
  await account.charge(100);
  const { extensions } = await refusalOf(() => limiter.account(caller, '').refuseIfEmpty());
  expect(extensions).toEqual({ code: 'THROTTLED', retryAfterSeconds: 1 });
  await expect
    .poll(() => refusalOf(() => account.refuseIfEmpty()).catch(() => 'let in'), patience)
    .toBe('let in');
});

test('what has arisen is spent whatever there is, and much of it ends streams', async () => {
  const account = (await open()).account(newCustomer(), '');
  account.spend(120);
  await expect
    .poll(
      async () => (await refusalOf(() => account.charge(100))).extensions['retryAfterSeconds'],
      patience,
    )
    .toBeGreaterThan(110);
  expect(account.isOverdrawn()).toBe(false);
  account.spend(60);
  await expect.poll(() => account.isOverdrawn(), patience).toBe(true);
  expect(account.throttled().extensions['code']).toBe('THROTTLED');
});

test('a limiter that closes settles what it had gathered', async () => {
  const caller = newCustomer();
  const [one, other] = await Promise.all([open(), open()]);
  one.account(caller, '').spend(55);
  await one.close();
  expect(await charged(other.account(caller, ''), 0)).toBeLessThanOrEqual(46);
});

test('callers have buckets of their own', async () => {
  const limiter = await open();
  const [alice, bob] = [limiter.account(newCustomer(), ''), limiter.account(newCustomer(), '')];
  await alice.charge(100);
  expect(await charged(bob, 10)).toBe(90);
});
