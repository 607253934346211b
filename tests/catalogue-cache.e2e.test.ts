/** The catalogue as the router keeps it between requests, on the whole system. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { z } from 'zod';
import { pounds } from './pounds.ts';
import { startSecondInstance, type SecondInstance } from './second-instance.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { placedIn, type Money, type Storefront } from './storefront.ts';

const shop = shopUnderTest();
const patience = { timeout: 20_000, interval: 20 };
/** Its router keeps nothing: the first one hears of what is changed there by events alone. */
let second: SecondInstance;
beforeAll(async () => {
  const backing = {
    databaseUrl: inject('databaseUrl'),
    natsUrl: inject('natsUrl'),
    redisUrl: inject('redisUrl'),
  };
  second = await startSecondInstance(shop.system, backing);
});
afterAll(() => second.stop());

const price = z.object({ unitPrice: z.object({ amount: z.string() }) });
const catalogue = z.object({
  product: price,
  products: z.object({ nodes: z.array(price) }),
});

/** What a product costs, by itself and in a list. */
async function pricesOf(storefront: Storefront, sku: string): Promise<readonly string[]> {
  const query = `query Prices($sku: ID!) {
    product(sku: $sku) { unitPrice { amount } }
    products(filter: { skus: [$sku] }) { nodes { unitPrice { amount } } }
  }`;
  const { product, products } = await storefront.data({ query, variables: { sku } }, catalogue);
  return [product, ...products.nodes].map(({ unitPrice }) => unitPrice.amount);
}

async function upsert(staff: Storefront, sku: string, unitPrice: Money): Promise<void> {
  const query = `mutation Upsert($input: UpsertProductInput!) {
    upsertProduct(input: $input) { userErrors { code } }
  }`;
  const input = { idempotencyKey: randomUUID(), sku, name: `The ${sku}`, unitPrice };
  const refusals = z.object({ upsertProduct: z.object({ userErrors: z.tuple([]) }) });
  await staff.data({ query, variables: { input } }, refusals);
}

async function hits(cache: 'response' | 'entity'): Promise<number> {
  const text = await (await fetch(new URL('/metrics', shop.system.url))).text();
  const line = `router_cache_requests_total{cache="${cache}",outcome="hit"} `;
  return Number(
    text
      .split('\n')
      .find((one) => one.startsWith(line))
      ?.slice(line.length) ?? 0,
  );
}

test('a new price is seen by everybody: at once where it was set, and soon where only its event tells of it', async () => {
  await shop.stockroom.offer({ sku: 'MUG', quantity: 5, price: pounds('4.00') });
  const alice = await shop.open();
  const afar = await shop.open({ subject: 'stockroom', role: 'staff' }, second.url);
  // Until it is kept.
  const before = await hits('response');
  await vi.waitFor(async () => {
    expect(await pricesOf(alice, 'MUG')).toEqual(['4.00', '4.00']);
    expect(await hits('response')).toBeGreaterThan(before);
  }, patience);
  await upsert(shop.stockroom.staff, 'MUG', pounds('4.50'));
  expect(await pricesOf(alice, 'MUG')).toEqual(['4.50', '4.50']);
  await pricesOf(alice, 'MUG');
  await upsert(afar, 'MUG', pounds('5.00'));
  await vi.waitFor(
    async () => expect(await pricesOf(alice, 'MUG')).toEqual(['5.00', '5.00']),
    patience,
  );
});

test('what can be ordered is live, in products and in lists of them', async () => {
  await shop.stockroom.offer({ sku: 'BOWL', quantity: 3 });
  const alice = await shop.open();
  const query = `{
    product(sku: "BOWL") { name available }
    products(filter: { skus: ["BOWL"], inStock: true }) { nodes { sku } }
  }`;
  const lists = '{ products(filter: { skus: ["BOWL"], inStock: true }) { nodes { sku } } }';
  for (const left of [2, 1, 0]) {
    placedIn(await alice.placeOrder({ lines: [{ sku: 'BOWL', quantity: 1 }] }));
    await vi.waitFor(
      async () => expect(await shop.stockroom.available('BOWL')).toBe(left),
      patience,
    );
    const nodes = left === 0 ? [] : [{ sku: 'BOWL' }];
    expect((await alice.run({ query })).data).toEqual({
      product: { name: 'The BOWL', available: left },
      products: { nodes },
    });
    expect((await alice.run({ query: lists })).data).toEqual({ products: { nodes } });
  }
});

test('products of orders are kept for all customers, and orders for none', async () => {
  await shop.stockroom.offer({ sku: 'PLATE', quantity: 10 });
  const query = '{ orders(first: 1) { nodes { number lines { product { name } } } } }';
  const numbers = new Set<string>();
  const before = await hits('entity');
  for (const subject of ['carol', 'dave', 'erin', 'frank']) {
    const customer = await shop.open({ subject });
    const { number } = placedIn(
      await customer.placeOrder({ lines: [{ sku: 'PLATE', quantity: 1 }] }),
    );
    numbers.add(number);
    expect((await customer.run({ query })).data).toEqual({
      orders: { nodes: [{ number, lines: [{ product: { name: 'The PLATE' } }] }] },
    });
  }
  expect(numbers.size).toBe(4);
  expect(await hits('entity')).toBeGreaterThan(before);
});
