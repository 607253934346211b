import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RetryBudget } from './retry-budget.ts';

/** How many retries are left at a moment; takes them. */
function takeAll(budget: RetryBudget, nowMs: number): number {
  let taken = 0;
  while (taken < 1_000 && budget.take(nowMs)) taken += 1;
  return taken;
}

test('a subgraph that is seldom asked may be asked again ten times in ten seconds', () => {
  const budget = new RetryBudget(10);
  expect(takeAll(budget, 0)).toBe(10);
  expect(takeAll(budget, 9_999)).toBe(0);
  expect(takeAll(budget, 10_000)).toBe(10);
});

test('of many calls a tenth may be sent again', () => {
  const budget = new RetryBudget(10);
  for (let i = 0; i < 200; i += 1) budget.called(i);
  expect(takeAll(budget, 200)).toBe(30);
});

test('what was not used is gone after ten seconds', () => {
  const budget = new RetryBudget(10);
  for (let i = 0; i < 1_000; i += 1) budget.called(i);
  expect(takeAll(budget, 11_000)).toBe(10);
});

test('a budget of nothing leaves the few that are there anyhow', () => {
  const budget = new RetryBudget(0);
  for (let i = 0; i < 100; i += 1) budget.called(i);
  expect(takeAll(budget, 100)).toBe(10);
});

test('a storm in which all fails has no more than the share, and the few, in any ten seconds', () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(pauses, (given) => {
      const budget = new RetryBudget(20);
      const calls: number[] = [];
      const retries: number[] = [];
      let nowMs = 0;
      const lately = (moments: readonly number[]): number =>
        moments.filter((atMs) => Math.floor(atMs / 1_000) > Math.floor(nowMs / 1_000) - 10).length;
      for (const pauseMs of given) {
        nowMs += pauseMs;
        budget.called(nowMs);
        calls.push(nowMs);
        for (let again = 0; again < 2; again += 1) {
          if (!budget.take(nowMs)) continue;
          retries.push(nowMs);
          expect(lately(retries)).toBeLessThanOrEqual(10 + 0.2 * lately(calls));
        }
      }
    }),
  );
});
