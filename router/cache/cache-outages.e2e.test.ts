/** What is kept while Redis or NATS is flushed, hung, cut off or put back: never an answer from before a change. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { startCatalogue, type Catalogue } from '../test/catalogue.ts';
import { post, send, startRouterOver } from '../test/router.ts';
import { openStallableWire, type StallableWire } from '../test/stallable-wire.ts';

const database = 8;
/** Of Redis, so that the router's rights there can be changed. */
const user = `router-${randomUUID().slice(0, 8)}`;
const wires: StallableWire[] = [];
let redis: Redis;
let redisWire: StallableWire;
let natsWire: StallableWire;
let catalogue: Catalogue;
let world: Awaited<ReturnType<typeof startRouterOver>>;
let url: string;

beforeAll(async () => {
  redis = new Redis(`${inject('redisUrl')}/${database}`);
  await redis.acl('SETUSER', user, 'on', '>password', 'allkeys', 'allchannels', 'allcommands');
  catalogue = await startCatalogue();
});
afterAll(async () => {
  await catalogue.stop();
  await redis.acl('DELUSER', user);
  redis.disconnect();
});
beforeEach(async () => {
  catalogue.reset();
  await redis.flushdb();
  redisWire = await wireTo(inject('redisUrl'));
  natsWire = await wireTo(inject('natsUrl'));
  world = await startRouterOver(catalogue.supergraphSdl, {
    REDIS_URL: `redis://${user}:password@127.0.0.1:${redisWire.port}/${database}`,
    NATS_URL: `nats://127.0.0.1:${natsWire.port}`,
    NATS_PREFIX: `t${randomUUID().slice(0, 8)}`,
    CACHE_INVALIDATIONS: '{"product.upserted":{"type":"Product","key":{"sku":"subject"}}}',
  });
  url = world.url;
  await active(1);
});
afterEach(async () => {
  await world.stop();
  await Promise.all(wires.splice(0).map((wire) => wire.stop()));
});

async function wireTo(server: string): Promise<StallableWire> {
  const wire = await openStallableWire(Number(new URL(server).port));
  wires.push(wire);
  return wire;
}

function eventually<T>(probe: () => T) {
  return expect.poll(probe, { timeout: 20_000, interval: 5 });
}

/** Until what is kept is given out, or is not. */
async function active(value: 0 | 1): Promise<void> {
  const shown = async () =>
    (await send(new URL('/metrics', url).href, { method: 'GET' })).text.includes(
      `\nrouter_cache_active ${value}\n`,
    );
  await eventually(shown).toBe(true);
}

const apple = '{ product(sku: "A") { name } }';
const nameOfApple = async (): Promise<unknown> => (await post(url, apple)).body.data.product.name;
const fetched = async (): Promise<number> => {
  const before = catalogue.asked();
  await post(url, apple);
  return catalogue.asked() - before;
};

/** The answer is known to be for everybody, and kept. */
async function kept(): Promise<void> {
  await eventually(fetched).toBe(0);
}

function rename(name: string): void {
  catalogue.products.set('A', { name, available: 0 });
}

test('after a flush answers are fetched and kept again, and one that was on its way is not given out', async () => {
  await kept();
  await redis.flushdb();
  expect(await fetched()).toBe(1);
  expect(await fetched()).toBe(0);
  await redis.flushdb();
  const asked = catalogue.asked();
  const letGo = catalogue.hold();
  const slow = nameOfApple();
  await eventually(() => catalogue.asked()).toBe(asked + 1);
  rename('Apricot');
  await redis.flushdb();
  letGo();
  expect(await slow).toBe('Apple');
  expect(await nameOfApple()).toBe('Apricot');
});

test(
  'while Redis hangs everything is answered from the subgraphs, and nobody waits for it twice',
  { timeout: 20_000 },
  async () => {
    await kept();
    redisWire.stall();
    rename('Apricot');
    // At 50 ms each these would take longer than the test may.
    for (let i = 0; i < 500; i += 1) expect(await nameOfApple()).toBe('Apricot');
    redisWire.flow();
    await kept();
  },
);

test('a change of one’s own that Redis was not told of is read all the same', async () => {
  await kept();
  redisWire.stall();
  await post(url, 'mutation { rename(sku: "A", name: "Apricot") { log } }');
  // What was on its way to Redis never arrives; what is in Redis is as it was.
  redisWire.shut();
  redisWire.flow();
  let name = await nameOfApple();
  await eventually(async () => {
    name = await nameOfApple();
    expect(name).toBe('Apricot');
    return fetched();
  }).toBe(0);
});

test('a change of one’s own that Redis does not take is read all the same, and nothing more is kept until it does', async () => {
  await kept();
  await redis.acl('SETUSER', user, '-del');
  await post(url, 'mutation { rename(sku: "A", name: "Apricot") { log } }');
  for (let i = 0; i < 3; i += 1) expect(await nameOfApple()).toBe('Apricot');
  expect(await fetched()).toBe(1);
  await redis.acl('SETUSER', user, '+del');
  await kept();
  expect(await nameOfApple()).toBe('Apricot');
});

test('a Redis that comes back as it was before a change gives nothing from before it', async () => {
  await kept();
  const keys = await redis.keys('ordergraph:cache:*');
  const copies = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  await post(url, 'mutation { rename(sku: "A", name: "Apricot") { log } }');
  await kept();
  const transaction = redis.multi();
  // Whoever is connected loses the connection, as when the server is another one.
  for (const id of await connectionsOfTheRouter()) transaction.client('KILL', 'ID', id);
  for (const [i, key] of keys.entries()) {
    const copy = copies[i];
    if (copy) transaction.restore(key, 60_000, copy, 'REPLACE');
  }
  await transaction.exec();
  await eventually(async () => {
    expect(await nameOfApple()).toBe('Apricot');
    return fetched();
  }).toBe(0);
});

test('what changed while NATS could not be heard is not missed', async () => {
  await kept();
  natsWire.shut();
  await active(0);
  // Nobody tells of this one: it was told while nobody listened.
  rename('Apricot');
  expect(await nameOfApple()).toBe('Apricot');
  natsWire.flow();
  await active(1);
  await kept();
  expect(await nameOfApple()).toBe('Apricot');
});

test('with Redis and NATS gone from the beginning everything is answered', async () => {
  await Promise.all(wires.splice(0).map((wire) => wire.stop()));
  const router = await world.start();
  const name = async () => (await post(router.url, apple)).body.data.product.name;
  for (const expected of ['Apple', 'Apricot', 'Cake']) {
    rename(expected);
    expect(await name()).toBe(expected);
    expect(await name()).toBe(expected);
  }
  await router.stop();
});

async function connectionsOfTheRouter(): Promise<readonly string[]> {
  const own = String(await redis.client('ID'));
  const list = String(await redis.client('LIST')).split('\n');
  return list
    .filter((line) => line.includes(` db=${database} `))
    .flatMap((line) => /^id=(\d+) /.exec(line)?.[1] ?? [])
    .filter((id) => id !== own);
}
