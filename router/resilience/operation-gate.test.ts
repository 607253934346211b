/** Every cell of the table at the head of operation-gate.ts, and whose turn it is. */
import { GraphQLError } from 'graphql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Importance } from './importance.ts';
import { OperationGate } from './operation-gate.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Ten places: eight for usual operations, six for spare ones. What happens to whom is written down by name. */
function gateWith({ placesMax = 10, waitMs = 100 } = {}) {
  const told: string[] = [];
  const gate = new OperationGate({
    placesMax,
    waitMs,
    onShed: (importance) => told.push(`shed ${importance}`),
  });
  const come = (name: string, importance: Importance, signal?: { readonly aborted: boolean }) => {
    const waiting = gate.enter(importance, signal);
    if (!waiting) told.push(`${name} in`);
    waiting?.then(
      () => told.push(`${name} in`),
      () => told.push(`${name} out`),
    );
  };
  const fill = (count: number, importance: Importance) => {
    for (let i = 0; i < count; i += 1) expect(gate.enter(importance, undefined)).toBeUndefined();
  };
  const leave = async (count = 1) => {
    for (let i = 0; i < count; i += 1) gate.leave();
    await vi.advanceTimersByTimeAsync(0);
  };
  const after = (timeMs: number) => vi.advanceTimersByTimeAsync(timeMs);
  return { gate, told, come, fill, leave, after };
}

test.each([
  ['spare', 6],
  ['usual', 8],
  ['vital', 10],
] as const)(
  '%s operations come in at once while %i places are not taken, and then wait',
  (kind, places) => {
    const { gate, fill } = gateWith();
    fill(places, kind);
    expect(gate.enter(kind, undefined)).toBeInstanceOf(Promise);
  },
);

test('places are taken by whomever: spare operations wait for those that vital ones have, and not the other way', () => {
  const { told, come, fill } = gateWith();
  fill(6, 'vital');
  come('query of a stranger', 'spare');
  come('query', 'usual');
  come('order', 'vital');
  expect(told).toEqual(['query in', 'order in']);
});

test('a place that becomes free goes to the most important that waits, and of those to the newest', async () => {
  const { told, come, fill, leave } = gateWith();
  fill(10, 'vital');
  come('spare', 'spare');
  come('old usual', 'usual');
  come('new usual', 'usual');
  come('old vital', 'vital');
  come('new vital', 'vital');
  await leave();
  expect(told).toEqual(['new vital in']);
  await leave();
  expect(told).toEqual(['new vital in', 'old vital in']);
  await leave(2);
  expect(told).toHaveLength(2);
  await leave(2);
  expect(told.slice(2)).toEqual(['new usual in', 'old usual in']);
  await leave(2);
  expect(told).toHaveLength(4);
  await leave();
  expect(told.slice(4)).toEqual(['spare in']);
});

test('whoever waits too long is shed with a code and a time to come again, and counted', async () => {
  const { gate, told, fill, after } = gateWith();
  fill(6, 'spare');
  const refusal = gate.enter('spare', undefined)?.catch((error: unknown) => error);
  await after(99);
  expect(told).toEqual([]);
  await after(2);
  expect(told).toEqual(['shed spare']);
  const error = await refusal;
  if (!(error instanceof GraphQLError)) throw new Error('a fault was expected');
  expect(error.extensions).toEqual({
    code: 'SERVICE_UNAVAILABLE',
    retryAfterSeconds: expect.toSatisfy((seconds: number) => seconds >= 1 && seconds <= 3),
  });
});

test('each waits for its own time, and those who came later are not shed with those who came before', async () => {
  const { told, come, fill, leave, after } = gateWith();
  fill(6, 'spare');
  come('first', 'spare');
  await after(60);
  come('second', 'spare');
  await after(41);
  expect(told).toEqual(['shed spare', 'first out']);
  await leave();
  expect(told.slice(2)).toEqual(['second in']);
  await after(1_000);
  expect(told).toHaveLength(3);
});

test('those who wait after a queue has been empty are shed in time as well', async () => {
  const { told, come, fill, after } = gateWith();
  fill(6, 'spare');
  come('first', 'spare');
  await after(500);
  come('second', 'spare');
  await after(101);
  expect(told).toEqual(['shed spare', 'first out', 'shed spare', 'second out']);
});

test('in a full queue the oldest of the least important kind gives way', async () => {
  const { told, come, fill, after } = gateWith({ placesMax: 2 });
  fill(2, 'vital');
  come('old spare', 'spare');
  come('new spare', 'spare');
  come('usual', 'usual');
  await after(0);
  expect(told).toEqual(['shed spare', 'old spare out']);
  come('vital', 'vital');
  come('another vital', 'vital');
  await after(0);
  expect(told.slice(2)).toEqual(['shed spare', 'shed usual', 'new spare out', 'usual out']);
  come('late usual', 'usual');
  await after(0);
  expect(told.slice(6)).toEqual(['shed usual', 'late usual out']);
});

test('nobody waits where there is no time to wait', async () => {
  const { told, come, fill, after } = gateWith({ waitMs: 0 });
  fill(8, 'usual');
  come('query', 'usual');
  await after(0);
  expect(told).toEqual(['shed usual', 'query out']);
});

test('a place is not given to one whose client has gone', async () => {
  const { told, come, fill, leave } = gateWith();
  fill(8, 'usual');
  come('staying', 'usual', { aborted: false });
  come('gone', 'usual', { aborted: true });
  await leave();
  expect(told).toEqual(['gone out', 'staying in'].toSorted());
});

test('every place is given back, however operations came and went', async () => {
  const { gate, come, fill, leave, after } = gateWith();
  fill(6, 'spare');
  for (const kind of ['spare', 'usual', 'vital', 'spare', 'vital'] as const) come(kind, kind);
  await leave(3);
  await after(200);
  // Nine came in, of whom three have left; the two who waited were shed.
  await leave(6);
  fill(10, 'vital');
  expect(gate.enter('vital', undefined)).toBeInstanceOf(Promise);
});
