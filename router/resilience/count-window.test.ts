import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CountWindow } from './count-window.ts';

test('what happened counts until the window has passed, and not longer', () => {
  const window = new CountWindow(1_000);
  window.add(0);
  window.add(50);
  window.add(950);
  expect(window.total(999)).toBe(3);
  expect(window.total(1_000)).toBe(1);
  expect(window.total(1_899)).toBe(1);
  expect(window.total(1_900)).toBe(0);
});

test('a long silence empties the window', () => {
  const window = new CountWindow(1_000);
  for (let nowMs = 0; nowMs < 1_000; nowMs += 100) window.add(nowMs);
  expect(window.total(1_000_000)).toBe(0);
});

test('a clock that goes back loses and doubles nothing', () => {
  const window = new CountWindow(1_000);
  window.add(5_000);
  window.add(4_000);
  expect(window.total(4_500)).toBe(2);
  expect(window.total(5_999)).toBe(2);
  expect(window.total(6_000)).toBe(0);
});

test('the total is the number of events in the parts of the window, whatever came when', () => {
  const moments = fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 60 });
  fc.assert(
    fc.property(moments, (given) => {
      const window = new CountWindow(1_000);
      const sorted = given.toSorted((a, b) => a - b);
      for (const [i, nowMs] of sorted.entries()) {
        window.add(nowMs);
        const part = Math.floor(nowMs / 100);
        const recent = sorted.slice(0, i + 1).filter((atMs) => Math.floor(atMs / 100) > part - 10);
        expect(window.total(nowMs)).toBe(recent.length);
      }
    }),
  );
});
