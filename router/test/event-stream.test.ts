import { expect, test } from 'vitest';
import { EventStream, StreamFailed } from './event-stream.ts';

function stream(queueMax = 3) {
  const ends: string[] = [];
  const events = new EventStream<number>({
    queueMax,
    onEnd: () => ends.push('end'),
    tooSlow: () => ({ message: 'slow', extensions: { code: 'SLOW_CONSUMER' } }),
  });
  return { events, ends };
}

const failed = [{ message: 'lost' }];

test('events come in the order they were pushed', async () => {
  const { events } = stream();
  const first = events.next();
  for (const event of [1, 2, 3]) events.push(event);
  expect([await first, await events.next(), await events.next()]).toEqual(
    [1, 2, 3].map((value) => ({ done: false, value })),
  );
});

test('a reader that leaves wakes its own pending read, and the producer is told once', async () => {
  const { events, ends } = stream();
  const pending = events.next();
  await events.return();
  await events.return();
  expect(await pending).toEqual({ done: true, value: undefined });
  expect(ends).toEqual(['end']);
});

test('what waits is read before a completion, and nothing after', async () => {
  const { events } = stream();
  events.push(1);
  events.finish();
  events.push(2);
  expect(await events.next()).toEqual({ done: false, value: 1 });
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test('what waits is read before a failure, which is told once', async () => {
  const { events } = stream();
  events.push(1);
  events.finish(failed);
  expect(await events.next()).toEqual({ done: false, value: 1 });
  await expect(events.next()).rejects.toThrow(StreamFailed);
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test('a full queue is dropped, and the reader told that it was too slow', async () => {
  const { events, ends } = stream(2);
  for (const event of [1, 2, 3, 4]) events.push(event);
  await expect(events.next()).rejects.toMatchObject({
    errors: [{ extensions: { code: 'SLOW_CONSUMER' } }],
  });
  expect(await events.next()).toEqual({ done: true, value: undefined });
  expect(ends).toEqual(['end']);
});

test('the first end is the one that counts', async () => {
  const { events } = stream();
  events.finish();
  events.stop(failed);
  expect(await events.next()).toEqual({ done: true, value: undefined });
});
