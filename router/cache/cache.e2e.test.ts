/** A real router over two real subgraphs, with a Redis database and a prefix of NATS subjects of its own. */
import { randomUUID } from 'node:crypto';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { startCatalogue, type Catalogue } from '../test/catalogue.ts';
import { post, send, startRouterOver, type Answer } from '../test/router.ts';

const redisUrl = `${inject('redisUrl')}/7`;
const prefix = `t${randomUUID().slice(0, 8)}`;
const invalidations = { 'product.upserted': { type: 'Product', key: { sku: 'subject' } } };
const environment = {
  REDIS_URL: redisUrl,
  NATS_URL: inject('natsUrl'),
  NATS_PREFIX: prefix,
  CACHE_INVALIDATIONS: JSON.stringify(invalidations),
};

let nats: NatsConnection;
let redis: Redis;
let catalogue: Catalogue;
let world: Awaited<ReturnType<typeof startRouterOver>>;
let url: string;
const others: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  nats = await connect({ servers: inject('natsUrl') });
  redis = new Redis(redisUrl);
  catalogue = await startCatalogue();
  world = await startRouterOver(catalogue.supergraphSdl, environment);
  url = world.url;
});
beforeEach(async () => {
  await sure(url);
  catalogue.reset();
  await redis.flushdb();
});
afterEach(async () => {
  await Promise.all(others.splice(0).map((other) => other.stop()));
});
afterAll(async () => {
  await world.stop();
  await catalogue.stop();
  await nats.close();
  redis.disconnect();
});

/** The same operation, as one that no router has read before. */
const unread = (query: string): string => `${query} # ${randomUUID()}`;

/** How often the catalogue is asked meanwhile. */
async function fetches(work: () => Promise<unknown>): Promise<number> {
  const before = catalogue.asked();
  await work();
  return catalogue.asked() - before;
}

function eventually<T>(probe: () => T) {
  return expect.poll(probe, { timeout: 20_000, interval: 10 });
}

async function metric(router: string, line: string): Promise<number> {
  const { text } = await send(new URL('/metrics', router).href, { method: 'GET' });
  return Number(
    text
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
      ?.slice(line.length) ?? 0,
  );
}

/** Until it gives out what is kept: it has just started, or was in doubt. */
async function sure(router: string): Promise<void> {
  await eventually(() => metric(router, 'router_cache_active')).toBe(1);
}

async function anotherRouter(more: Record<string, string> = {}): Promise<string> {
  const router = await world.start(more);
  others.push(router);
  await sure(router.url);
  return router.url;
}

async function as(subject: string): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await world.tokens.token({ sub: subject })}` };
}

/** Asks until the answer is kept: once to see that it is for everybody, once to keep it. */
async function kept(query: string): Promise<Answer> {
  await post(url, query);
  const answer = await post(url, query);
  expect(await fetches(() => post(url, query))).toBe(0);
  return answer;
}

function tell(sku: string): void {
  nats.publish(`${prefix}.catalogue.product.upserted`, JSON.stringify({ subject: sku }));
}

const get = (query: string, headers: Record<string, string> = {}) =>
  send(`${url}?query=${encodeURIComponent(query)}`, {
    method: 'GET',
    headers: { 'apollo-require-preflight': '1', ...headers },
  });

const appleQuery = '{ product(sku: "A") { name price { amount } } }';
const nameOf = ({ body }: Answer): unknown => body.data.product.name;

test('an answer for everybody is fetched until it is known to be so, kept, and given out by all routers', async () => {
  const other = await anotherRouter();
  const apple = unread(appleQuery);
  const counted = (outcome: string) =>
    metric(url, `router_cache_requests_total{cache="response",outcome="${outcome}"}`);
  const [hits, misses] = [await counted('hit'), await counted('miss')];
  expect((await post(url, apple)).body).toEqual({
    data: { product: { name: 'Apple', price: { amount: 7 } } },
  });
  expect(await fetches(() => post(url, apple))).toBe(1);
  expect(await fetches(() => post(url, apple))).toBe(0);
  // The other one has to see for itself that it is for everybody; then it keeps it for both.
  expect(await fetches(() => post(other, apple))).toBe(1);
  expect(await fetches(() => post(other, apple))).toBe(1);
  catalogue.products.set('A', { name: 'unheard of', available: 0 });
  expect(nameOf(await post(url, apple))).toBe('Apple');
  expect(nameOf(await post(url, apple, { headers: await as('alice') }))).toBe('Apple');
  expect((await counted('hit')) - hits).toBe(3);
  expect((await counted('miss')) - misses).toBe(1);
});

test('answers for other variables, other texts and other subgraphs are other answers', async () => {
  const query =
    'query ($sku: ID!, $more: Boolean = false) { product(sku: $sku) { name sku @include(if: $more) } }';
  const ask = async (variables: object) =>
    (await post(url, query, { variables })).body.data.product;
  for (let i = 0; i < 3; i += 1) {
    expect(await ask({ sku: 'A' })).toEqual({ name: 'Apple' });
    expect(await ask({ sku: 'B' })).toEqual({ name: 'Bread' });
    expect(await ask({ sku: 'A', more: true })).toEqual({ name: 'Apple', sku: 'A' });
    expect(await ask({ sku: 'none' })).toBeNull();
  }
  await kept(appleQuery);
  expect((await kept('{ product(sku: "A") { other: name } }')).body.data.product).toEqual({
    other: 'Apple',
  });
  const elsewhere = await startCatalogue();
  elsewhere.products.set('A', { name: 'Another', available: 0 });
  const router = await startRouterOver(elsewhere.supergraphSdl, environment);
  others.push({ stop: () => router.stop().then(() => elsewhere.stop()) });
  await sure(router.url);
  for (let i = 0; i < 3; i += 1) expect(nameOf(await post(router.url, appleQuery))).toBe('Another');
});

test('an answer is kept for as long as its subgraph says', async () => {
  const flash = async () => (await post(url, '{ flash }')).body.data.flash;
  await flash();
  const first = await flash();
  expect(await flash()).toBe(first);
  await eventually(flash).not.toBe(first);
});

test('an event ends the answers that what it changed may be in, and no others', async () => {
  const events = 'router_cache_invalidations_total{cause="event"}';
  const before = await metric(url, events);
  const [apple, list] = [unread(appleQuery), unread('{ products(first: 10) { name } }')];
  const shop = unread('{ shop }');
  for (const query of [apple, list, shop]) await kept(query);
  catalogue.products.set('A', { name: 'Apricot', available: 1 });
  catalogue.products.set('C', { name: 'Cake', available: 1 });
  tell('A');
  await eventually(async () => nameOf(await post(url, apple))).toBe('Apricot');
  const { products } = (await post(url, list)).body.data;
  expect(products).toEqual(['Apricot', 'Bread', 'Cake'].map((name) => ({ name })));
  expect(await fetches(() => post(url, shop))).toBe(0);
  expect(await metric(url, events)).toBe(before + 1);
});

test('entities for everybody are kept one by one, in answers that are not for everybody', async () => {
  const orders = unread('{ orders { owner product { name price { amount } } } }');
  const ask = async (subject: string) =>
    (await post(url, orders, { headers: await as(subject) })).body.data.orders;
  const line = (owner: string, name: string) => ({
    owner,
    product: { name, price: { amount: 7 } },
  });
  const hits = 'router_cache_requests_total{cache="entity",outcome="hit"}';
  const before = await metric(url, hits);
  expect(await ask('alice')).toEqual([line('alice', 'Apple'), line('alice', 'Bread')]);
  await ask('alice');
  expect(catalogue.entities.splice(0)).toEqual(['A', 'B', 'A', 'B']);
  expect(await ask('bob')).toEqual([line('bob', 'Apple'), line('bob', 'Bread')]);
  expect(catalogue.entities).toEqual([]);
  // One that is new is fetched alone, and finds its place among the others.
  catalogue.products.set('C', { name: 'Cake', available: 1 });
  catalogue.ordered = ['C', 'A', 'C', 'none'];
  const mixed = [
    line('bob', 'Cake'),
    line('bob', 'Apple'),
    line('bob', 'Cake'),
    { owner: 'bob', product: null },
  ];
  expect(await ask('bob')).toEqual(mixed);
  expect(catalogue.entities.splice(0)).toEqual(['C', 'none']);
  expect(await ask('bob')).toEqual(mixed);
  expect(catalogue.entities.splice(0)).toEqual(['none']);
  // An event ends the one that it names.
  catalogue.products.set('A', { name: 'Apricot', available: 1 });
  catalogue.products.set('C', { name: 'unheard of', available: 1 });
  tell('A');
  catalogue.ordered = ['C', 'A'];
  await eventually(() => ask('bob')).toEqual([line('bob', 'Cake'), line('bob', 'Apricot')]);
  expect(catalogue.entities).toEqual(['A']);
  expect((await metric(url, hits)) - before).toBeGreaterThan(5);
});

test('kept entities make no answer last longer than they do, and are the same in all operations that ask the same of them', async () => {
  await post(url, 'query One { orders { product { name } } }');
  await post(url, 'query One { orders { product { name } } }');
  await post(url, 'query Two { orders { id product { name } } }');
  expect(catalogue.entities.splice(0)).toEqual(['A', 'B', 'A', 'B', 'A', 'B']);
  expect(
    (await post(url, 'query Two { orders { id product { name } } }')).body.data.orders,
  ).toHaveLength(2);
  expect(catalogue.entities).toEqual([]);
  const bestsellers = '{ bestsellers { name } }';
  await get(bestsellers);
  const { headers } = await get(bestsellers);
  const [, seconds] = /^public, max-age=(\d+)$/.exec(String(headers['cache-control'])) ?? [];
  expect(Number(seconds)).toBeLessThan(60);
});

test('a fetch that began before a change is not given out after it', async () => {
  const [apple, orders] = [unread(appleQuery), unread('{ orders { product { name } } }')];
  const events = 'router_cache_invalidations_total{cause="event"}';
  const before = await metric(url, events);
  const names = ({ body }: Answer) =>
    body.data.orders.map((one: { product: { name: string } }) => one.product.name);
  // Both are known to be for everybody, and neither is kept.
  await post(url, apple);
  await post(url, orders);
  const asked = catalogue.asked();
  const letGo = catalogue.hold();
  const slow = [post(url, apple), post(url, orders)];
  await eventually(() => catalogue.asked()).toBe(asked + 2);
  catalogue.products.set('A', { name: 'Apricot', available: 1 });
  tell('A');
  await eventually(() => metric(url, events)).toBe(before + 1);
  letGo();
  const [early, earlyOrders] = await Promise.all(slow);
  expect(early && nameOf(early)).toBe('Apple');
  expect(earlyOrders && names(earlyOrders)).toEqual(['Apple', 'Bread']);
  expect(nameOf(await post(url, apple))).toBe('Apricot');
  expect(names(await post(url, orders))).toEqual(['Apricot', 'Bread']);
});

test('who has changed something reads the change, by any router, before any event', async () => {
  const other = await anotherRouter();
  const [apple, orders] = [unread(appleQuery), unread('{ orders { product { name } } }')];
  await post(other, apple);
  await kept(apple);
  await post(url, orders);
  await post(url, orders);
  const rename = 'mutation ($name: String!) { rename(sku: "A", name: $name) { log } }';
  for (let i = 0; i < 6; i += 1) {
    const name = `Apple ${i}`;
    await post(i % 2 === 0 ? url : other, rename, { variables: { name } });
    expect(nameOf(await post(url, apple))).toBe(name);
    expect(nameOf(await post(other, apple))).toBe(name);
    expect((await post(url, orders)).body.data.orders[0].product.name).toBe(name);
  }
});

test('a mutation whose answer was lost counts as one that changed something', async () => {
  const apple = unread(appleQuery);
  await kept(apple);
  const letGo = catalogue.hold();
  const query = 'mutation { rename(sku: "A", name: "Lost") { product { name } } }';
  expect((await post(url, query)).body.errors[0].extensions.code).toBe('TIMEOUT');
  letGo();
  expect(nameOf(await post(url, apple))).toBe('Lost');
});

test('answers with errors are not kept, and not for everybody', async () => {
  const query = '{ products(first: 2) { name flawed } }';
  for (let i = 0; i < 4; i += 1) {
    const before = catalogue.asked();
    const answer = await get(query);
    expect(answer.body.errors).toHaveLength(1);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(catalogue.asked()).toBe(before + 1);
  }
  const orders = '{ orders { product { flawed } } }';
  for (let i = 0; i < 4; i += 1) await post(url, orders);
  expect(catalogue.entities).toHaveLength(8);
});

test('what is one’s own is given to nobody else, and what is only for some is kept by nobody', async () => {
  for (const query of ['{ mine }', '{ members }', '{ product(sku: "A") { note } members }']) {
    for (let i = 0; i < 3; i += 1) {
      for (const subject of ['alice', 'bob']) {
        const before = catalogue.asked();
        const { text } = await post(url, query, { headers: await as(subject) });
        expect(text.includes(subject)).toBe(true);
        expect(catalogue.asked()).toBe(before + 1);
      }
    }
  }
  const notes = '{ orders { product { note } } }';
  for (let i = 0; i < 3; i += 1) await post(url, notes, { headers: await as('alice') });
  expect(catalogue.entities.splice(0)).toEqual(['A', 'B', 'A', 'B', 'A', 'B']);
  // What is left for those who may see less is kept for them, and never given for the whole.
  const both = '{ product(sku: "A") { name note } }';
  const seen = async (headers: Record<string, string> = {}) =>
    (await post(url, both, { headers })).body.data.product;
  for (let i = 0; i < 4; i += 1) {
    expect(await seen()).toEqual({ name: 'Apple', note: null });
    expect(await seen(await as('alice'))).toEqual({ name: 'Apple', note: 'for members' });
  }
  expect((await get(both)).headers['cache-control']).toBe('no-store');
});

test('entities of several types in one fetch are not kept: nobody spoke for all of them', async () => {
  const query = unread('{ both { ... on Product { sku name } ... on Member { id own: name } } }');
  for (let i = 0; i < 3; i += 1) {
    for (const subject of ['alice', 'bob']) {
      const { body } = await post(url, query, { headers: await as(subject) });
      expect(body.data.both).toEqual([
        { sku: 'A', name: 'Apple' },
        { id: 'm', own: `m for ${subject}` },
      ]);
    }
  }
  expect((await get(query)).headers['cache-control']).toBe('private, no-cache');
});

test('what must be live is never given from what was kept', async () => {
  const query = '{ product(sku: "A") { name available } }';
  for (const available of [3, 2, 1, 0]) {
    catalogue.products.set('A', { name: 'Apple', available });
    expect((await post(url, query)).body.data.product).toEqual({ name: 'Apple', available });
    const { orders } = (await post(url, '{ orders { product { available } } }')).body.data;
    expect(orders[0].product.available).toBe(available);
  }
});

test('an answer costs the same, wherever it comes from', async () => {
  const query =
    unread(`{ products(first: 2) { ...P price { amount } } again: product(sku: "B") { ...P } }
    fragment P on Product { name price { amount } }`);
  const body = JSON.stringify({ query, extensions: { cost: true } });
  const headers = { 'content-type': 'application/json' };
  const ask = async () => {
    const before = catalogue.asked();
    const answer = await send(url, { method: 'POST', headers, body });
    const { requested, actual } = answer.body.extensions.cost;
    return { cost: { requested, actual }, fetched: catalogue.asked() - before };
  };
  const [first, , third] = [await ask(), await ask(), await ask()];
  expect(first.fetched).toBe(1);
  expect(third).toEqual({ cost: first.cost, fetched: 0 });
  expect(first.cost.actual).toBeGreaterThan(5);
  // Another router has read the operation for itself.
  const other = await anotherRouter();
  const elsewhere = () => send(other, { method: 'POST', headers, body });
  await elsewhere();
  await elsewhere();
  expect((await elsewhere()).body.extensions.cost.actual).toBe(first.cost.actual);
  expect((await ask()).cost.actual).toBe(first.cost.actual);
});

test('whoever stands between may keep what is for everybody, as long as nobody in particular asks', async () => {
  const vary = 'origin, accept, authorization, x-api-key';
  const apple = unread(appleQuery);
  const fresh = await get(apple);
  expect(fresh.headers).toMatchObject({ vary, etag: expect.any(String) });
  const maxAge = ({ headers }: Answer) =>
    Number(/^public, max-age=(\d+)$/.exec(String(headers['cache-control']))?.[1]);
  expect(maxAge(fresh)).toBeGreaterThan(50);
  await get(apple);
  const again = await get(apple);
  expect(maxAge(again)).toBeLessThan(60);
  expect(again.headers['etag']).toBe(fresh.headers['etag']);
  const known = await get(apple, { 'if-none-match': String(fresh.headers['etag']) });
  expect(known).toMatchObject({ status: 304, text: '', headers: { vary } });
  expect(maxAge(known)).toBeLessThan(60);
  const own = await get(apple, await as('alice'));
  expect(own.headers).toMatchObject({ 'cache-control': 'private, no-cache', vary });
  for (const query of ['{ mine }', '{ product(sku: "A") { available } }', '{ __typename }']) {
    expect((await get(query)).headers['cache-control']).toBe('private, no-cache');
  }
  expect((await post(url, apple)).headers['cache-control']).toBe('no-store');
  const extensions = encodeURIComponent('{"cost":true}');
  const told = await send(`${url}?query=${encodeURIComponent(apple)}&extensions=${extensions}`, {
    method: 'GET',
    headers: { 'apollo-require-preflight': '1' },
  });
  expect(told.headers['cache-control']).toBe('private, no-cache');
});

test('with CACHE=off nothing is kept', async () => {
  const router = await world.start({ CACHE: 'off' });
  others.push(router);
  for (let i = 0; i < 3; i += 1) {
    expect(await fetches(() => post(router.url, appleQuery))).toBe(1);
  }
});

test('what is too long is not kept', async () => {
  const router = await anotherRouter({ CACHE_ENTRY_BYTES: '200' });
  catalogue.products.set('L', { name: 'x'.repeat(300), available: 0 });
  const long = '{ product(sku: "L") { name } }';
  for (let i = 0; i < 4; i += 1) expect(await fetches(() => post(router, long))).toBe(1);
});
