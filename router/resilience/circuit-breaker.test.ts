/** Every cell of the table at the head of circuit-breaker.ts. */
import { expect, test } from 'vitest';
import { CircuitBreaker, type CallEnd, type Pass } from './circuit-breaker.ts';

const rules = { windowMs: 1_000, callsMin: 4, failurePercent: 50, openMs: 500 };

/** Calls that went, and ended like this. */
function calls(breaker: CircuitBreaker, ends: readonly CallEnd[], nowMs = 0): void {
  for (const end of ends) breaker.ended(passed(breaker, nowMs), end, nowMs);
}

function passed(breaker: CircuitBreaker, nowMs: number): Pass {
  const pass = breaker.ask(nowMs);
  if (pass === undefined) throw new Error('the call was refused');
  return pass;
}

function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker(rules);
  calls(breaker, ['failed', 'failed', 'failed', 'failed']);
  return breaker;
}

function probing(): { readonly breaker: CircuitBreaker; readonly probe: Pass } {
  const breaker = opened();
  return { breaker, probe: passed(breaker, 500) };
}

test('closed: calls go', () => {
  const breaker = new CircuitBreaker(rules);
  expect(breaker.state).toBe('closed');
  calls(breaker, ['good', 'good', 'good', 'good', 'good']);
  expect(breaker.state).toBe('closed');
});

test('closed: it opens with the failure that makes the rate, not before', () => {
  const breaker = new CircuitBreaker(rules);
  calls(breaker, ['good', 'good', 'good', 'failed', 'failed']);
  expect(breaker.state).toBe('closed');
  calls(breaker, ['failed']);
  expect(breaker.state).toBe('open');
});

test('closed: too few calls say nothing, however many of them fail', () => {
  const breaker = new CircuitBreaker(rules);
  calls(breaker, ['failed', 'failed', 'failed']);
  expect(breaker.state).toBe('closed');
  calls(breaker, ['good']);
  expect(breaker.state).toBe('closed');
  calls(breaker, ['failed']);
  expect(breaker.state).toBe('open');
});

test('closed: calls that say nothing count neither way', () => {
  const breaker = new CircuitBreaker(rules);
  calls(breaker, ['failed', 'failed', 'failed', 'nothing', 'nothing', 'nothing']);
  expect(breaker.state).toBe('closed');
  calls(breaker, ['failed']);
  expect(breaker.state).toBe('open');
});

test('closed: failures that are older than the window are forgotten', () => {
  const breaker = new CircuitBreaker(rules);
  calls(breaker, ['failed', 'failed', 'failed'], 0);
  calls(breaker, ['failed', 'good', 'good'], 1_000);
  expect(breaker.state).toBe('closed');
});

test('open: calls are refused until its time has gone by', () => {
  const breaker = opened();
  expect(breaker.ask(0)).toBeUndefined();
  expect(breaker.ask(499)).toBeUndefined();
  expect(breaker.state).toBe('open');
  expect(breaker.ask(500)).toBeDefined();
});

test.each(['good', 'failed', 'nothing'] as const)(
  'open: a call sent before it opened that ends %s changes nothing',
  (end) => {
    const breaker = new CircuitBreaker(rules);
    const late = passed(breaker, 0);
    calls(breaker, ['failed', 'failed', 'failed', 'failed']);
    breaker.ended(late, end, 400);
    expect(breaker.state).toBe('open');
    expect(breaker.ask(499)).toBeUndefined();
    expect(breaker.ask(500)).toBeDefined();
  },
);

test('half-open: one call goes as the probe, and while it is under way all others are refused', () => {
  const { breaker } = probing();
  expect(breaker.state).toBe('half-open');
  expect(breaker.ask(501)).toBeUndefined();
  expect(breaker.ask(1_000_000)).toBeUndefined();
});

test('probing: a good probe closes it, and what was before is forgotten', () => {
  const { breaker, probe } = probing();
  breaker.ended(probe, 'good', 510);
  expect(breaker.state).toBe('closed');
  calls(breaker, ['failed', 'failed', 'failed'], 520);
  expect(breaker.state).toBe('closed');
  calls(breaker, ['failed'], 520);
  expect(breaker.state).toBe('open');
});

test('probing: a probe that fails opens it for as long again', () => {
  const { breaker, probe } = probing();
  breaker.ended(probe, 'failed', 700);
  expect(breaker.state).toBe('open');
  expect(breaker.ask(1_199)).toBeUndefined();
  expect(breaker.ask(1_200)).toBeDefined();
});

test('probing: a probe that says nothing gives its place to the next call', () => {
  const { breaker, probe } = probing();
  breaker.ended(probe, 'nothing', 510);
  expect(breaker.state).toBe('half-open');
  const next = passed(breaker, 511);
  expect(breaker.ask(512)).toBeUndefined();
  breaker.ended(probe, 'failed', 513);
  expect(breaker.state).toBe('half-open');
  breaker.ended(next, 'good', 514);
  expect(breaker.state).toBe('closed');
});

test.each(['good', 'failed', 'nothing'] as const)(
  'probing: a call sent before it opened that ends %s is not taken for the probe',
  (end) => {
    const breaker = new CircuitBreaker(rules);
    const late = passed(breaker, 0);
    calls(breaker, ['failed', 'failed', 'failed', 'failed']);
    passed(breaker, 500);
    breaker.ended(late, end, 510);
    expect(breaker.state).toBe('half-open');
    expect(breaker.ask(511)).toBeUndefined();
  },
);

test('closed again: calls sent before it opened no longer count', () => {
  const breaker = new CircuitBreaker(rules);
  const late = Array.from({ length: 8 }, () => passed(breaker, 0));
  calls(breaker, ['failed', 'failed', 'failed', 'failed']);
  breaker.ended(passed(breaker, 500), 'good', 510);
  for (const pass of late) breaker.ended(pass, 'failed', 520);
  expect(breaker.state).toBe('closed');
});
