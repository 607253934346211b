import { randomUUID } from 'node:crypto';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { openStallableWire, type StallableWire } from '../test/stallable-wire.ts';
import { openKeptTexts, type KeptTexts } from './kept-texts.ts';
import { textHash } from './text-hash.ts';

let redis: Redis;
let wire: StallableWire;
const opened: KeptTexts[] = [];

beforeEach(async () => {
  redis = new Redis(inject('redisUrl'));
  wire = await openStallableWire(Number(new URL(inject('redisUrl')).port));
});
afterEach(async () => {
  for (const texts of opened.splice(0)) texts.close();
  await wire.stop();
  redis.disconnect();
});

/** Longer than anything here takes on a busy machine. */
function eventually<T>(probe: () => T) {
  return expect.poll(probe, { timeout: 20_000, interval: 20 });
}

/** As one router has it; another one's share nothing with it but Redis. */
function open(): KeptTexts {
  const texts = openKeptTexts(`redis://127.0.0.1:${wire.port}`, createLogger('router', 'silent'));
  opened.push(texts);
  return texts;
}

function newText(): { text: string; hash: string } {
  const text = `query Q { a(x: "${randomUUID()}") }`;
  return { text, hash: textHash(text) };
}

/** Keeps texts until one has arrived: a router that has just started is not connected yet. */
async function keptIn(texts: KeptTexts): Promise<{ text: string; hash: string }> {
  let one = newText();
  const arrived = async (): Promise<boolean> => {
    if (await redis.exists(keyOf(one.hash))) return true;
    one = newText();
    texts.keep(one.hash, one.text);
    return false;
  };
  await eventually(arrived).toBe(true);
  return one;
}

const keyOf = (hash: string): string => `router:text:${hash}`;

test('a text that one router kept is found by another, which needs Redis for it only once', async () => {
  const [one, other] = [open(), open()];
  const { text, hash } = await keptIn(one);
  await eventually(() => other.find(hash)).toBe(text);
  await redis.del(keyOf(hash));
  expect(await other.find(hash)).toBe(text);
  expect(await redis.ttl(keyOf((await keptIn(one)).hash))).toBeGreaterThan(3_600);
});

test('what somebody else put under a hash is not given out', async () => {
  const [one, other] = [open(), open()];
  const { text, hash } = await keptIn(one);
  await redis.set(keyOf(hash), `${text} # and more`);
  const known = await keptIn(one);
  await eventually(() => other.find(known.hash)).toBe(known.text);
  expect(await other.find(hash)).toBeUndefined();
});

test('hashes that are none, and texts too long, are not asked for and not kept', async () => {
  const texts = open();
  await keptIn(texts);
  await redis.set(keyOf('short'), 'query { a }');
  expect(await texts.find('short')).toBeUndefined();
  const long = `query Q { a } #${'x'.repeat(40_000)}`;
  texts.keep(textHash(long), long);
  await keptIn(texts);
  expect(await redis.exists(keyOf(textHash(long)))).toBe(0);
});

test('after a flush a text is not found until it is kept again', async () => {
  const [one, other] = [open(), open()];
  const { text, hash } = await keptIn(one);
  await keptIn(other);
  await redis.del(keyOf(hash));
  expect(await other.find(hash)).toBeUndefined();
  other.keep(hash, text);
  await eventually(() => redis.exists(keyOf(hash))).toBe(1);
});

test('with Redis hung every question is answered, and after the first without waiting, until it flows again', async () => {
  const [one, other] = [open(), open()];
  const { text, hash } = await keptIn(one);
  await keptIn(other);
  wire.stall();
  expect(await other.find(hash)).toBeUndefined();
  // At 50 ms each these would take longer than the test may.
  for (let i = 0; i < 5_000; i += 1) expect(await other.find(newText().hash)).toBeUndefined();
  other.keep(newText().hash, text);
  wire.flow();
  await eventually(() => other.find(hash)).toBe(text);
});

test('with Redis gone nothing is found and nothing fails', async () => {
  await wire.stop();
  const texts = open();
  const { text, hash } = newText();
  expect(await texts.find(hash)).toBeUndefined();
  texts.keep(hash, text);
  expect(await texts.find(hash)).toBe(text);
});
