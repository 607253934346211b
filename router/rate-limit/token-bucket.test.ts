import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { take, type BucketState, type Order, type Plan, type Taken } from './token-bucket.ts';

const plan: Plan = { capacity: 100, refillPerSecond: 10 };

/** A bucket that is used step by step. */
function bucketOf(its: Plan) {
  let bucket: BucketState | undefined;
  return (order: Partial<Order>, nowMs = 0): Taken => {
    const { bucket: next, taken } = take(bucket, {
      plan: its,
      order: { settle: 0, ask: 0, ...order },
      nowMs,
    });
    bucket = next;
    return taken;
  };
}

test('a new bucket is full, and gives what it holds', () => {
  const use = bucketOf(plan);
  expect(use({ ask: 60 })).toEqual({ admitted: true, available: 40, retryAfterMs: 0 });
  expect(use({ ask: 40 })).toEqual({ admitted: true, available: 0, retryAfterMs: 0 });
  expect(use({ ask: 1 })).toEqual({ admitted: false, available: 0, retryAfterMs: 100 });
});

test('what is refused takes nothing, and is admitted after the time that was told, not before', () => {
  const use = bucketOf(plan);
  use({ ask: 95 });
  const { retryAfterMs } = use({ ask: 20 });
  expect(retryAfterMs).toBe(1_500);
  expect(use({ ask: 20 }, 1_499).admitted).toBe(false);
  expect(use({ ask: 20 }, 1_500)).toMatchObject({ admitted: true, available: 0 });
});

test('more than a full bucket is taken from a full one, on debt', () => {
  const use = bucketOf(plan);
  expect(use({ ask: 150 })).toMatchObject({ admitted: true, available: -50 });
  expect(use({ ask: 150 })).toMatchObject({ admitted: false, retryAfterMs: 15_000 });
  expect(use({ ask: 150 }, 15_000)).toMatchObject({ admitted: true, available: -50 });
  expect(use({ ask: 900 }, 60_000)).toMatchObject({ admitted: true, available: -100 });
});

test('what is settled is taken whatever there is, down to a debt of the capacity, and given back up to it', () => {
  const use = bucketOf(plan);
  use({ ask: 100 });
  expect(use({ settle: 30 }).available).toBe(-30);
  expect(use({ settle: 500 }).available).toBe(-100);
  expect(use({ settle: -150 }).available).toBe(50);
  expect(use({ settle: -1_000 }).available).toBe(100);
  expect(use({ settle: 90, ask: 10 })).toMatchObject({ admitted: true, available: 0 });
  expect(use({ settle: -5, ask: 6 })).toMatchObject({ admitted: false, available: 5 });
});

test('a clock that goes back gives nothing twice', () => {
  const use = bucketOf(plan);
  use({ ask: 100 }, 10_000);
  expect(use({}, 11_000).available).toBe(10);
  use({ ask: 10 }, 11_000);
  expect(use({}, 5_000).available).toBe(0);
  expect(use({}, 11_000).available).toBe(0);
});

test('a plan that has become smaller holds at once', () => {
  const { bucket } = take(undefined, { plan, order: { settle: 0, ask: 0 }, nowMs: 0 });
  const smaller = { capacity: 10, refillPerSecond: 1 };
  expect(
    take(bucket, { plan: smaller, order: { settle: 0, ask: 0 }, nowMs: 0 }).taken.available,
  ).toBe(10);
});

const plans = fc.record({
  capacity: fc.integer({ min: 1, max: 50 }),
  refillPerSecond: fc.integer({ min: 1, max: 2_000 }),
});
const steps = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 40 }),
    settle: fc.integer({ min: -20, max: 20 }),
    ask: fc.integer({ min: 0, max: 60 }),
  }),
  { maxLength: 40 },
);

test('a bucket is one into which drops fall every millisecond', () => {
  fc.assert(
    fc.property(plans, steps, (its, orders) => {
      const use = bucketOf(its);
      let nowMs = 1_000_000;
      let drops = its.capacity * 1000;
      for (const { afterMs, settle, ask } of orders) {
        for (let i = 0; i < afterMs; i += 1) {
          drops = Math.min(its.capacity * 1000, drops + its.refillPerSecond);
        }
        nowMs += afterMs;
        drops = Math.max(
          -its.capacity * 1000,
          Math.min(its.capacity * 1000, drops - settle * 1000),
        );
        const admitted = drops >= Math.min(ask, its.capacity) * 1000;
        if (admitted) drops = Math.max(-its.capacity * 1000, drops - ask * 1000);
        expect(use({ settle, ask }, nowMs)).toMatchObject({ admitted, available: drops / 1000 });
      }
    }),
  );
});

test('in any time nobody gets more than a full bucket, what came back, and one debt', () => {
  fc.assert(
    fc.property(plans, steps, (its, orders) => {
      const use = bucketOf(its);
      let nowMs = 0;
      let spent = 0;
      for (const { afterMs, ask } of orders) {
        nowMs += afterMs;
        if (use({ ask }, nowMs).admitted) spent += Math.min(ask, 2 * its.capacity);
      }
      expect(spent).toBeLessThanOrEqual(2 * its.capacity + (nowMs * its.refillPerSecond) / 1000);
    }),
  );
});
