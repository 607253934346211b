import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Freshness } from './freshness.ts';

let listens: boolean;
let renewals: PromiseWithResolvers<boolean>[];
let changes: boolean[];
let freshness: Freshness;

beforeEach(() => {
  vi.useFakeTimers();
  listens = true;
  renewals = [];
  changes = [];
  freshness = new Freshness({
    renew: () => {
      const renewal = Promise.withResolvers<boolean>();
      renewals.push(renewal);
      return renewal.promise;
    },
    listens: () => listens,
    onChange: (sure) => void changes.push(sure),
  });
});
afterEach(() => {
  freshness.close();
  vi.useRealTimers();
});

/** Lets the latest try to end everything come to its end. */
async function renewed(isDone: boolean): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000);
  renewals.at(-1)?.resolve(isDone);
  await vi.advanceTimersByTimeAsync(0);
}

test('it is unsure until everything has been ended', async () => {
  expect(freshness.isSure).toBe(false);
  await renewed(false);
  expect(freshness.isSure).toBe(false);
  await renewed(true);
  expect(freshness.isSure).toBe(true);
  expect(renewals).toHaveLength(2);
});

test('a doubt makes it unsure at once, and everything is ended anew', async () => {
  await renewed(true);
  freshness.doubt();
  freshness.doubt();
  expect(freshness.isSure).toBe(false);
  await renewed(true);
  expect(freshness.isSure).toBe(true);
  expect(renewals).toHaveLength(2);
  expect(changes).toEqual([true, false, true]);
});

test('what is doubted while everything is being ended needs another end', async () => {
  await vi.advanceTimersByTimeAsync(1_000);
  freshness.doubt();
  await renewed(true);
  expect(freshness.isSure).toBe(false);
  await renewed(true);
  expect(freshness.isSure).toBe(true);
  expect(renewals).toHaveLength(2);
});

test('while nobody listens it stays unsure, and asks nobody', async () => {
  listens = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(renewals).toHaveLength(0);
  listens = true;
  await vi.advanceTimersByTimeAsync(1_000);
  listens = false;
  await renewed(true);
  expect(freshness.isSure).toBe(false);
  listens = true;
  await renewed(true);
  expect(freshness.isSure).toBe(true);
});

test('once closed it is sure of nothing any more', async () => {
  await renewed(true);
  freshness.close();
  freshness.doubt();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(freshness.isSure).toBe(false);
  expect(renewals).toHaveLength(1);
});
