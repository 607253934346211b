import { afterEach, expect, inject, test } from 'vitest';
import { openLiveUpdates, type LiveUpdates } from './live-updates.ts';
import { createLogger } from './logger.ts';

const logger = createLogger('test', 'silent');
const opened: LiveUpdates[] = [];
afterEach(() => opened.splice(0).forEach((updates) => updates.close()));

function open(topic: string, url = inject('redisUrl')): LiveUpdates {
  const updates = openLiveUpdates(url, topic, logger);
  opened.push(updates);
  return updates;
}

test('what one instance publishes every listener of every instance hears, until it stops listening', async () => {
  const topic = crypto.randomUUID();
  const [here, there] = [open(topic), open(topic)];
  const heard: Record<'first' | 'second' | 'remote', unknown[]> = {
    first: [],
    second: [],
    remote: [],
  };
  const leave = await here.listen((message) => void heard.first.push(message));
  await here.listen((message) => void heard.second.push(message));
  await there.listen((message) => void heard.remote.push(message));
  // A publisher may still be connecting, and then says nothing.
  await expect
    .poll(() => {
      here.publish({ n: 1 });
      return heard.remote.length;
    })
    .toBeGreaterThan(0);
  await expect.poll(() => heard.first.length).toBeGreaterThan(0);
  leave();
  const before = heard.first.length;
  here.publish({ n: 2 });
  await expect.poll(() => heard.second).toContainEqual({ n: 2 });
  expect(heard.first).toHaveLength(before);
});

test('without Redis a listener is let go on, publishing does nothing, and closing leaves no loose end', async () => {
  const loose: unknown[] = [];
  const note = (reason: unknown): void => void loose.push(reason);
  process.on('unhandledRejection', note);
  const updates = open('nowhere', 'redis://127.0.0.1:1');
  const startMs = performance.now();
  const leave = await updates.listen(() => undefined);
  expect(performance.now() - startMs).toBeLessThan(3_000);
  updates.publish({ n: 1 });
  leave();
  updates.close();
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(loose).toEqual([]);
});
