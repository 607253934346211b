/** Which calls are sent again, how often, and when no more. */
import { anonymous } from '@ordergraph/platform/identity.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { traceFrom } from '../trace.ts';
import type { Call, CallFailure, Calling, CallKind, Verdict } from './calling.ts';
import { RetryBudget } from './retry-budget.ts';
import { withRetries } from './with-retries.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const callTimeMs = 1_000;
type Answer = { readonly kind: 'answer' };

function callOf(kind: CallKind): Call<Answer> {
  const startedMs = Date.now();
  const deadlineMs = startedMs + callTimeMs;
  return {
    kind,
    body: '{}',
    context: {
      caller: { identity: anonymous, expiresAtMs: null },
      trace: traceFrom(undefined),
      deadlineMs,
      signal: undefined,
    },
    traceparent: undefined,
    startedMs,
    deadlineMs,
    read: () => ({ kind: 'answer' }),
  };
}

type Ends = Verdict | 'answer';

/** A call whose attempts end like this, each after so long; the last one's end is that of all further ones. */
async function called(
  ends: readonly Ends[],
  {
    kind = 'read',
    attemptMs = 0,
    retriesMax = 2,
  }: Partial<{ kind: CallKind; attemptMs: number; retriesMax: number }> = {},
) {
  const sentAtMs: number[] = [];
  const told: string[] = [];
  const attempt: Calling = (call, ended) => {
    const end = ends[sentAtMs.length] ?? ends.at(-1) ?? 'answer';
    sentAtMs.push(Date.now());
    setTimeout(() => {
      const answer = call.read({ kind: 'text', status: 200, text: '', publicForMs: undefined });
      if (end === 'answer' && answer) ended(answer);
      else if (end !== 'answer')
        ended({ kind: 'failure', code: 'SERVICE_UNAVAILABLE', verdict: end });
    }, attemptMs);
  };
  const calling = withRetries(attempt, {
    subgraph: 'order',
    budget: new RetryBudget(10),
    retriesMax,
    observer: {
      breakerState: () => undefined,
      shortCircuited: () => undefined,
      retry: (_, outcome) => told.push(outcome),
    },
  });
  const replies: (Answer | CallFailure)[] = [];
  calling(callOf(kind), (reply) => replies.push(reply));
  await vi.advanceTimersByTimeAsync(60_000);
  const [reply, ...others] = replies;
  expect(others).toEqual([]);
  const pausesMs = sentAtMs.slice(1).map((atMs, i) => atMs - (sentAtMs[i] ?? 0) - attemptMs);
  return { attempts: sentAtMs.length, reply: reply?.kind, told, pausesMs };
}

test.each<[ends: Ends[], attempts: number, reply: string]>([
  [['answer'], 1, 'answer'],
  [['passing', 'answer'], 2, 'answer'],
  [['passing', 'passing', 'answer'], 3, 'answer'],
  [['passing', 'passing', 'passing', 'answer'], 3, 'failure'],
  [['failing', 'answer'], 1, 'failure'],
  [['nothing', 'answer'], 1, 'failure'],
  [['passing', 'failing', 'answer'], 2, 'failure'],
])(
  'a read whose attempts end %j is sent %i times and gets an %s',
  async (ends, attempts, reply) => {
    expect(await called(ends)).toMatchObject({ attempts, reply });
  },
);

test('a write is sent once', async () => {
  expect(await called(['passing', 'answer'], { kind: 'write' })).toMatchObject({
    attempts: 1,
    reply: 'failure',
    told: [],
  });
});

test('where there are no retries a read is sent once', async () => {
  expect(await called(['passing', 'answer'], { retriesMax: 0 })).toMatchObject({ attempts: 1 });
});

test('nothing is sent again when half of the time is over', async () => {
  const quick = await called(['passing', 'answer'], { attemptMs: callTimeMs / 2 - 50 });
  expect(quick).toMatchObject({ attempts: 2, reply: 'answer' });
  const slow = await called(['passing', 'answer'], { attemptMs: callTimeMs / 2 });
  expect(slow).toMatchObject({ attempts: 1, reply: 'failure', told: [] });
});

test('pauses grow', async () => {
  const { pausesMs, told } = await called(['passing']);
  const [first = 0, second = 0] = pausesMs;
  expect(told).toEqual(['sent', 'sent']);
  expect(first).toBeGreaterThanOrEqual(25);
  expect(second).toBeGreaterThanOrEqual(50);
});
