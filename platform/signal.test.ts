import { expect, test } from 'vitest';
import { backOffMs, Signal } from './signal.ts';

async function elapsedMs(work: Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work;
  return performance.now() - startMs;
}

test('a ring before waiting is not lost', async () => {
  const signal = new Signal();
  signal.ring();
  expect(await elapsedMs(signal.wait(5_000))).toBeLessThan(1_000);
});

test('several rings wake once', async () => {
  const signal = new Signal();
  signal.ring();
  signal.ring();
  await signal.wait(5_000);
  expect(await elapsedMs(signal.wait(50))).toBeGreaterThan(40);
});

test('a ring wakes the one who waits, and without one the time does', async () => {
  const signal = new Signal();
  const waiting = signal.wait(5_000);
  signal.ring();
  expect(await elapsedMs(waiting)).toBeLessThan(1_000);
  expect(await elapsedMs(signal.wait(50))).toBeGreaterThan(40);
});

test('back-off doubles from its first value and stays at its last', () => {
  expect([1, 2, 3, 4, 5, 1_000].map((tries) => backOffMs(tries, 100, 1_000))).toEqual([
    100, 200, 400, 800, 1_000, 1_000,
  ]);
  expect(backOffMs(0, 100, 1_000)).toBe(100);
});
