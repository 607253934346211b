import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Heartbeats } from './heartbeats.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('each member beats once an interval, and they do not all beat at once', () => {
  const heartbeats = new Heartbeats(1_600);
  const beats = Array.from({ length: 32 }, () => 0);
  for (const i of beats.keys()) {
    heartbeats.add({
      beat: () => {
        beats[i] = (beats[i] ?? 0) + 1;
      },
    });
  }
  vi.advanceTimersByTime(100);
  expect(beats.filter((count) => count > 0)).toHaveLength(2);
  vi.advanceTimersByTime(1_500);
  expect(new Set(beats)).toEqual(new Set([1]));
});

test('the timer runs only while there are members', () => {
  const heartbeats = new Heartbeats(1_600);
  let beats = 0;
  const member = { beat: () => (beats += 1) };
  const first = heartbeats.add(member);
  const second = heartbeats.add({ beat: () => undefined });
  first();
  first();
  expect(vi.getTimerCount()).toBe(1);
  second();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(3_200);
  expect(beats).toBe(0);
  heartbeats.add(member);
  vi.advanceTimersByTime(1_600);
  expect(beats).toBe(1);
});
