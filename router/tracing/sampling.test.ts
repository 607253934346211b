import { expect, test } from 'vitest';
import { traceFrom } from '../trace.ts';
import { Sampling } from './sampling.ts';

const own = traceFrom(undefined);
const callers = (flags: string) => traceFrom(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}`);

test('a trace that begins here is recorded by chance', () => {
  const sampling = new Sampling({ ratio: 0.25, callersPerSecond: 10 });
  expect(sampling.records(own, 0, 0.24)).toBe(true);
  expect(sampling.records(own, 0, 0.25)).toBe(false);
});

test("a caller's trace is recorded if the caller's flags say so, whatever the chance", () => {
  const sampling = new Sampling({ ratio: 0.25, callersPerSecond: 10 });
  expect(sampling.records(callers('01'), 0, 0.99)).toBe(true);
  expect(sampling.records(callers('03'), 0, 0.99)).toBe(true);
  expect(sampling.records(callers('00'), 0, 0)).toBe(false);
  expect(sampling.records(callers('02'), 0, 0)).toBe(false);
});

test('what callers want recorded is bounded by the second; what is more is recorded by chance', () => {
  const sampling = new Sampling({ ratio: 0.25, callersPerSecond: 2 });
  const asked = callers('01');
  expect([1, 2, 3].map(() => sampling.records(asked, 1_000, 0.99))).toEqual([true, true, false]);
  expect(sampling.records(asked, 1_000, 0.1)).toBe(true);
  expect([1, 2].map(() => sampling.records(asked, 1_500, 0.99))).toEqual([true, false]);
  expect([1, 2, 3].map(() => sampling.records(asked, 60_000, 0.99))).toEqual([true, true, false]);
});

test('with a bound of none, callers have no say in what is recorded', () => {
  const sampling = new Sampling({ ratio: 0, callersPerSecond: 0 });
  expect(sampling.records(callers('01'), 0, 0)).toBe(false);
});
