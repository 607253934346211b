/** Input that makes no sense: a stable code, the field at fault, nothing written, nobody else disturbed. */
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { badOrders, half, line } from './bad-orders.ts';
import { codesIn, expectNothingTold, type Answer } from './graphql-over-http.ts';
import { pounds } from './pounds.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { placedIn, placeOrderInput, type Storefront } from './storefront.ts';

const shop = shopUnderTest({ variables: { NODE_ENV: 'production' } });
const patience = { timeout: 20_000, interval: 50 };
const card = '4111 1111 1111 1111';

test('an order that makes no sense is refused with BAD_USER_INPUT and the field at fault, and is not written', async () => {
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 1_000 });
  const alice = await shop.open();
  const answered: Record<string, unknown> = {};
  const expected: Record<string, unknown> = {};
  for (const [what, [change, field]] of Object.entries(badOrders)) {
    const answer = await tryToPlace(alice, change);
    answered[what] = {
      codes: codesIn(answer),
      field: answer.errors[0]?.extensions?.field?.join('.'),
    };
    expected[what] = {
      codes: ['BAD_USER_INPUT'],
      field: field === undefined ? undefined : `input.${field}`,
    };
    expectNothingTold(answer);
    expect(answer.text).not.toContain('4242');
  }
  expect(answered).toEqual(expected);
  expect(await ordersOf(alice)).toEqual([]);
});

test('250 lines, the most of each and the longest of texts are an order like any other', async () => {
  const bob = await shop.open({ subject: 'bob' });
  const sku = 'S'.repeat(64);
  await shop.stockroom.offer({ sku, quantity: 25_000_000, price: pounds('0.01') });
  const { order } = await bob.placeOrder({
    lines: Array.from({ length: 250 }, () => ({ sku, quantity: 100_000 })),
    idempotencyKey: 'k'.repeat(255),
  });
  expect(order?.total).toEqual(pounds('250000.00'));
  await vi.waitFor(
    async () => expect((await bob.order(order?.id ?? ''))?.status).toBe('CONFIRMED'),
    patience,
  );
  expect(await shop.stockroom.available(sku)).toBe(0);
});

test('an order of more money than can be counted is refused, and so is one of products that are not there', async () => {
  const carol = await shop.open({ subject: 'carol' });
  await shop.stockroom.offer({ sku: 'MOON', quantity: 1, price: pounds('90071992547409.91') });
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 1 });
  const refusalsOf = async (...skus: string[]) =>
    (await carol.placeOrder({ lines: skus.map((sku) => ({ sku, quantity: 2 })) })).userErrors.map(
      ({ code, field }) => `${code} ${field?.join('.')}`,
    );
  expect(await refusalsOf('MOON')).toEqual(['LIMIT_EXCEEDED input.lines']);
  expect(await refusalsOf('lamp', 'LAMP', ' LAMP', "'; drop table orders; --")).toEqual([
    'UNKNOWN_SKU input.lines.0.sku',
    'UNKNOWN_SKU input.lines.2.sku',
    'UNKNOWN_SKU input.lines.3.sku',
  ]);
  expect(await ordersOf(carol)).toEqual([]);
});

test('a payment that makes no sense is refused, and a card number is neither kept nor repeated', async () => {
  await shop.stockroom.offer({ sku: 'PEN', quantity: 10 });
  const gina = await shop.open({ subject: 'gina' });
  const { id: orderId } = placedIn(
    await gina.placeOrder({ lines: [{ sku: 'PEN', quantity: 1 }], token: 'tok_declined' }),
  );
  await vi.waitFor(async () => expect((await gina.order(orderId))?.version).toBe(3), patience);
  for (const payment of [
    { token: '' },
    { token: 't'.repeat(256) },
    { token: half },
    { token: '5555-5555-5555-4444' },
    { token: 'tok_5555555555554444' },
    { token: 'tok_ok', idempotencyKey: '' },
    { token: 'tok_ok', idempotencyKey: half },
  ]) {
    const refused = gina.payOrder({ orderId, ...payment });
    await expect(refused).rejects.toThrow('BAD_USER_INPUT');
    await expect(refused).rejects.not.toThrow('5555');
  }
  expect((await gina.order(orderId))?.version).toBe(3);
});

test('a reason that holds a card number cancels nothing; a key that could be one is a key like any other', async () => {
  await shop.stockroom.offer({ sku: 'INK', quantity: 10 });
  const hans = await shop.open({ subject: 'hans' });
  const place = () =>
    hans.placeOrder({
      lines: [{ sku: 'INK', quantity: 1 }],
      token: 'tok_declined',
      idempotencyKey: card,
    });
  const { id: orderId } = placedIn(await place());
  expect(await place()).toMatchObject({ replayed: true, order: { id: orderId } });
  await vi.waitFor(async () => expect((await hans.order(orderId))?.version).toBe(3), patience);
  await expect(hans.cancelOrder({ orderId, reason: `refund ${card}` })).rejects.toThrow(
    'BAD_USER_INPUT',
  );
  expect((await hans.order(orderId))?.version).toBe(3);
  expect((await hans.payOrder({ orderId, token: 'tok_ok', idempotencyKey: card })).order?.id).toBe(
    orderId,
  );
});

test('what staff enter wrongly is refused: stock and prices stay as they were', async () => {
  await shop.stockroom.offer({ sku: 'JAR', quantity: 5 });
  const { staff } = shop.stockroom;
  const answered: Record<string, string> = {};
  const attempt = async (what: string, field: 'adjustStock' | 'upsertProduct', input: object) => {
    const type = field === 'adjustStock' ? 'AdjustStockInput' : 'UpsertProductInput';
    const answer = await staff.run({
      query: `mutation Try($input: ${type}!) { ${field}(input: $input) { userErrors { code } } }`,
      variables: { input: { idempotencyKey: what, sku: 'JAR', ...input } },
    });
    const [refusal] = refusals.safeParse(answer.data).data?.[field]?.userErrors ?? [];
    answered[what] = codesIn(answer)[0] ?? refusal?.code ?? 'done';
    expectNothingTold(answer);
  };
  const refusals = z.record(
    z.string(),
    z.object({ userErrors: z.array(z.object({ code: z.string() })) }),
  );
  await attempt('nothing', 'adjustStock', { delta: 0, reason: 'counted' });
  await attempt('too much out', 'adjustStock', { delta: -6, reason: 'counted' });
  await attempt('too much in', 'adjustStock', { delta: 2_147_483_647, reason: 'counted' });
  await attempt('beyond 32 bits', 'adjustStock', { delta: -2_147_483_649, reason: 'counted' });
  await attempt('no reason', 'adjustStock', { delta: 1, reason: '' });
  await attempt('half a warehouse', 'adjustStock', {
    delta: 1,
    reason: 'counted',
    warehouse: half,
  });
  await attempt('no such product', 'adjustStock', { delta: 1, reason: 'counted', sku: 'NO-SUCH' });
  await attempt('a price below nothing', 'upsertProduct', { name: 'Jar', unitPrice: pounds('-1') });
  await attempt('no name', 'upsertProduct', { name: '', unitPrice: pounds('1') });
  await attempt('half a name', 'upsertProduct', { name: half, unitPrice: pounds('1') });
  await attempt('a card number for a name', 'upsertProduct', {
    name: card,
    unitPrice: pounds('1'),
  });
  await attempt('a story of a card', 'upsertProduct', {
    name: 'Jar',
    description: `Pay with\n${card}.`,
    unitPrice: pounds('1'),
  });
  await attempt('a card number for a reason', 'adjustStock', { delta: 1, reason: card });
  await attempt('a card for a warehouse', 'adjustStock', {
    delta: 1,
    reason: 'counted',
    warehouse: card,
  });
  await attempt('a long story', 'upsertProduct', {
    name: 'Jar',
    description: 'j'.repeat(4_001),
    unitPrice: pounds('1'),
  });
  expect(answered).toEqual({
    nothing: 'BAD_USER_INPUT',
    'too much out': 'INSUFFICIENT_STOCK',
    'too much in': 'LIMIT_EXCEEDED',
    'beyond 32 bits': 'BAD_USER_INPUT',
    'no reason': 'BAD_USER_INPUT',
    'half a warehouse': 'BAD_USER_INPUT',
    'no such product': 'NOT_FOUND',
    'a price below nothing': 'BAD_USER_INPUT',
    'no name': 'BAD_USER_INPUT',
    'half a name': 'BAD_USER_INPUT',
    'a card number for a name': 'BAD_USER_INPUT',
    'a story of a card': 'BAD_USER_INPUT',
    'a card number for a reason': 'BAD_USER_INPUT',
    'a card for a warehouse': 'BAD_USER_INPUT',
    'a long story': 'BAD_USER_INPUT',
  });
  expect(await shop.stockroom.available('JAR')).toBe(5);
});

test('good orders that come in the midst of bad ones are placed all the same', async () => {
  const [frank, villain] = [
    await shop.open({ subject: 'frank' }),
    await shop.open({ subject: 'villain' }),
  ];
  await shop.stockroom.offer({ sku: 'ROPE', quantity: 100 });
  const bad = Object.values(badOrders).map(([change]) => tryToPlace(villain, change));
  const good = Array.from({ length: 40 }, () => placeOne(frank, 'ROPE'));
  expect((await Promise.all(bad)).flatMap(codesIn).every((code) => code === 'BAD_USER_INPUT')).toBe(
    true,
  );
  expect(await Promise.all(good)).toHaveLength(40);
  await vi.waitFor(async () => expect(await shop.stockroom.available('ROPE')).toBe(60), patience);
  expect(await ordersOf(villain)).toEqual([]);
});

function tryToPlace(customer: Storefront, change: object): Promise<Answer> {
  const input = { ...placeOrderInput({ lines: [line], idempotencyKey: 'key' }), ...change };
  return customer.run({
    query: 'mutation Try($input: PlaceOrderInput!) { placeOrder(input: $input) { replayed } }',
    variables: { input: typeof change === 'string' ? change : input },
  });
}

async function placeOne(customer: Storefront, sku: string) {
  return placedIn(await customer.placeOrder({ lines: [{ sku, quantity: 1 }] }));
}

async function ordersOf(customer: Storefront): Promise<unknown[]> {
  const shape = z.object({ orders: z.object({ nodes: z.array(z.unknown()) }) });
  return (await customer.data({ query: '{ orders { nodes { id } } }' }, shape)).orders.nodes;
}
