import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ExpiryWatch } from './expiry-watch.ts';

const startMs = 1_700_000_000_000;
beforeEach(() => {
  vi.useFakeTimers({ now: startMs });
});
afterEach(() => {
  vi.useRealTimers();
});

function watchUnderTest() {
  const expired: string[] = [];
  return { expired, watch: new ExpiryWatch<string>((one) => expired.push(one)) };
}

test('each is told when its time is up, and not before, in whatever order they were given', () => {
  const { expired, watch } = watchUnderTest();
  watch.watch('late', startMs + 60_000);
  watch.watch('soon', startMs + 2_000);
  watch.watch('never', null);
  watch.watch('soon too', startMs + 1_500);
  vi.advanceTimersByTime(1_999);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(['soon', 'soon too']);
  vi.advanceTimersByTime(58_000);
  expect(expired).toEqual(['soon', 'soon too', 'late']);
  expect(vi.getTimerCount()).toBe(0);
});

test('one whose time is up already is told soon', () => {
  const { expired, watch } = watchUnderTest();
  watch.watch('past', startMs - 5_000);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(['past']);
});

test('one that is forgotten is not told, and leaves no timer behind', () => {
  const { expired, watch } = watchUnderTest();
  watch.watch('a', startMs + 1_000);
  watch.watch('b', startMs + 1_000);
  watch.forget('a', startMs + 1_000);
  vi.advanceTimersByTime(5_000);
  expect(expired).toEqual(['b']);
  watch.watch('c', startMs + 10_000);
  watch.forget('c', startMs + 10_000);
  watch.forget('never', null);
  expect(vi.getTimerCount()).toBe(0);
});

test('a time further off than a timer reaches is kept', () => {
  const { expired, watch } = watchUnderTest();
  const farMs = 40 * 24 * 60 * 60 * 1_000;
  watch.watch('far', startMs + farMs);
  vi.advanceTimersByTime(farMs - 1);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(['far']);
});
