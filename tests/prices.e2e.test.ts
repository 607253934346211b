/** What an order costs: the catalogue's price, the price that was expected, or a price that staff agreed. */
import type { TokenClaims } from '@ordergraph/scripts/development-token.ts';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { codesIn } from './graphql-over-http.ts';
import { pounds } from './pounds.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { placedIn, placeOrderInput } from './storefront.ts';

const shop = shopUnderTest();
const patience = { timeout: 20_000, interval: 50 };

test('an order that expects the price in force is placed; one that expects another is refused, told both, and not written', async () => {
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 10, price: pounds('4.00') });
  const alice = await shop.open();
  const expecting = (amount: string, currencyCode = 'GBP') =>
    alice.placeOrder({
      lines: [{ sku: 'LAMP', quantity: 1, expectedUnitPrice: { amount, currencyCode } }],
    });
  expect(placedIn(await expecting('4.00')).total).toEqual(pounds('4.00'));
  expect(placedIn(await expecting('4')).total).toEqual(pounds('4.00'));
  for (const expected of [
    pounds('3.99'),
    pounds('0.00'),
    { amount: '4.00', currencyCode: 'EUR' },
  ]) {
    expect(await expecting(expected.amount, expected.currencyCode)).toEqual({
      order: null,
      replayed: false,
      userErrors: [
        {
          code: 'PRICE_CHANGED',
          message: 'LAMP costs 4.00 GBP now.',
          field: ['input', 'lines', '0', 'expectedUnitPrice'],
          expected,
          actual: pounds('4.00'),
        },
      ],
    });
  }
  const { orders } = await alice.data({ query: '{ orders { nodes { id } } }' }, ordersShape);
  expect(orders.nodes).toHaveLength(2);
});

test('an order keeps the price and the name it was placed with when the catalogue changes', async () => {
  await shop.stockroom.offer({ sku: 'CLOCK', quantity: 10, price: pounds('30.00') });
  const bob = await shop.open({ subject: 'bob' });
  const { id } = placedIn(await bob.placeOrder({ lines: [{ sku: 'CLOCK', quantity: 2 }] }));
  await shop.stockroom.offer({ sku: 'CLOCK', quantity: 0, price: pounds('35.00') });
  const query = `query Lines($id: ID!) { order(id: $id) {
    total { amount }
    lines { unitPrice { amount } product { unitPrice { amount } } }
  } }`;
  const { data } = await bob.run({ query, variables: { id } });
  expect(data).toEqual({
    order: {
      total: { amount: '60.00' },
      lines: [{ unitPrice: { amount: '30.00' }, product: { unitPrice: { amount: '35.00' } } }],
    },
  });
});

test('staff with the scope for it may agree a price, and the order is charged just that', async () => {
  await shop.stockroom.offer({ sku: 'SOFA', quantity: 10, price: pounds('900.00') });
  const sales = await shop.open({
    subject: 'sales',
    role: 'staff',
    scopes: ['orders:override-price'],
  });
  const lines = [{ sku: 'SOFA', quantity: 2, unitPrice: pounds('750.01') }];
  const { id, total } = placedIn(await sales.placeOrder({ lines }));
  expect(total).toEqual(pounds('1500.02'));
  await vi.waitFor(async () => {
    const { data } = await sales.run({ query: paymentOf, variables: { id } });
    expect(data).toMatchObject({
      order: { status: 'CONFIRMED', payment: { capturedAmount: pounds('1500.02') } },
    });
  }, patience);
});

const bargainers: [string, Partial<TokenClaims>][] = [
  ['a customer', {}],
  ['a customer who was given the scope', { scopes: ['orders:override-price'] }],
  ['staff without the scope', { role: 'staff', scopes: ['analytics:read'] }],
];
test.each(bargainers)(
  '%s may not name a price: the order is refused and not written',
  async (subject, claims) => {
    await shop.stockroom.offer({ sku: 'DESK', quantity: 10, price: pounds('90.00') });
    const caller = await shop.open({ subject, ...claims });
    const lines = [{ sku: 'DESK', quantity: 1, unitPrice: pounds('0.01') }];
    const answer = await caller.run({
      query: 'mutation Place($input: PlaceOrderInput!) { placeOrder(input: $input) { replayed } }',
      variables: { input: placeOrderInput({ lines, idempotencyKey: 'bargain' }) },
    });
    expect({ data: answer.data, codes: codesIn(answer) }).toEqual({
      data: null,
      codes: ['FORBIDDEN'],
    });
    const mine = await shop.open({ subject });
    const { orders } = await mine.data({ query: '{ orders { nodes { id } } }' }, ordersShape);
    expect(orders.nodes).toEqual([]);
  },
);

test('an order that costs nothing is confirmed, and no provider is asked for money', async () => {
  await shop.stockroom.offer({ sku: 'FLYER', quantity: 10, price: pounds('0.00') });
  const carol = await shop.open({ subject: 'carol' });
  const lines = [{ sku: 'FLYER', quantity: 5 }];
  // The token would be declined, if it were ever tried.
  const { id } = placedIn(await carol.placeOrder({ lines, token: 'tok_declined' }));
  await vi.waitFor(async () => {
    const { data } = await carol.run({ query: paymentOf, variables: { id } });
    expect(data).toEqual({
      order: {
        status: 'CONFIRMED',
        payment: { status: 'CAPTURED', capturedAmount: pounds('0.00') },
      },
    });
  }, patience);
});

test.each([
  ['JPY', '1200', 3, '3600'],
  ['KWD', '1.005', 3, '3.015'],
])(
  'an order in %s is charged to the exact minor unit',
  async (currencyCode, price, quantity, sum) => {
    const sku = `TEA-${currencyCode}`;
    await shop.stockroom.offer({ sku, quantity: 10, price: { amount: price, currencyCode } });
    const dave = await shop.open({ subject: 'dave' });
    const { id, total } = placedIn(await dave.placeOrder({ lines: [{ sku, quantity }] }));
    expect(total).toEqual({ amount: sum, currencyCode });
    await vi.waitFor(async () => {
      const { data } = await dave.run({ query: paymentOf, variables: { id } });
      expect(data).toMatchObject({ order: { payment: { capturedAmount: total } } });
    }, patience);
  },
);

const paymentOf = `query Payment($id: ID!) { order(id: $id) {
  status payment { status capturedAmount { amount currencyCode } }
} }`;
const ordersShape = z.object({ orders: z.object({ nodes: z.array(z.unknown()) }) });
