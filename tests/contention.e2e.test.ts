/** Many buyers at once, and the same buyer many times: stock is never sold twice, an order never placed twice. */
import { randomUUID } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { shopUnderTest } from './shop-under-test.ts';
import { expectEachOnce } from './status-watch.ts';
import { placedIn, type NewOrder, type Storefront } from './storefront.ts';

const shop = shopUnderTest();
const patience = { timeout: 30_000, interval: 50 };
const endings = new Set(['CONFIRMED', 'REJECTED']);

test('200 buyers of one product of which there are 100: exactly 100 orders are confirmed, 100 rejected for want of stock', async () => {
  await shop.stockroom.offer({ sku: 'RARE', quantity: 100 });
  const buyers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => shop.open({ subject: `buyer-${i}` })),
  );
  const ends = await Promise.all(
    buyers.map(async (buyer) => {
      const { id } = placedIn(await buyer.placeOrder(oneOf('RARE')));
      const watch = buyer.watch(id);
      const changes = await watch.until(({ status }) => endings.has(status));
      watch.stop();
      const end = changes.at(-1)?.status;
      const way =
        end === 'CONFIRMED' ? ['PLACED', 'RESERVED', 'CONFIRMED'] : ['PLACED', 'REJECTED'];
      expectEachOnce(changes, way);
      return buyer.order(id);
    }),
  );
  const outcomes = Object.groupBy(ends, (order) => `${order?.status} ${order?.statusReason}`);
  expect(
    Object.fromEntries(Object.entries(outcomes).map(([end, orders]) => [end, orders?.length])),
  ).toEqual({
    'CONFIRMED null': 100,
    'REJECTED INSUFFICIENT_STOCK': 100,
  });
  expect(await shop.stockroom.available('RARE')).toBe(0);
});

test('an order that lacks one product takes none of the others', async () => {
  await shop.stockroom.offer({ sku: 'PLENTY', quantity: 1_000 });
  await shop.stockroom.offer({ sku: 'SCARCE', quantity: 10 });
  const greta = await shop.open({ subject: 'greta' });
  const placed = await Promise.all(
    Array.from({ length: 30 }, (_, i) => {
      const both = [
        { sku: 'PLENTY', quantity: 3 },
        { sku: 'SCARCE', quantity: 3 },
      ];
      // In both orders, so that two orders would wait for one another if stock were taken line by line.
      return greta.placeOrder({ lines: i % 2 === 0 ? both : both.toReversed() });
    }),
  );
  expect(placed.every(({ order }) => order?.status === 'PLACED')).toBe(true);
  await vi.waitFor(async () => {
    const confirmed = await countOf(greta, ['CONFIRMED']);
    const rejected = await countOf(greta, ['REJECTED']);
    expect({ confirmed, rejected }).toEqual({ confirmed: 3, rejected: 27 });
  }, patience);
  expect(await shop.stockroom.available('SCARCE')).toBe(1);
  expect(await shop.stockroom.available('PLENTY')).toBe(1_000 - 9);
});

test('the same key 50 times at once places one order, and 49 answers are replays of it', async () => {
  await shop.stockroom.offer({ sku: 'MUG', quantity: 100 });
  const henry = await shop.open({ subject: 'henry' });
  const order = { ...oneOf('MUG'), idempotencyKey: randomUUID() };
  const answers = await Promise.all(Array.from({ length: 50 }, () => henry.placeOrder(order)));
  expect(answers.filter(({ replayed }) => replayed)).toHaveLength(49);
  expect(answers.flatMap(({ userErrors }) => userErrors)).toEqual([]);
  expect(new Set(answers.map((answer) => placedIn(answer).id)).size).toBe(1);
  expect(await countOf(henry)).toBe(1);
  await vi.waitFor(async () => expect(await shop.stockroom.available('MUG')).toBe(99), patience);
});

test('a key that was used before with another order is refused, and nothing is written', async () => {
  await shop.stockroom.offer({ sku: 'JUG', quantity: 100 });
  const iris = await shop.open({ subject: 'iris' });
  const idempotencyKey = randomUUID();
  const first = placedIn(await iris.placeOrder({ ...oneOf('JUG'), idempotencyKey }));
  const others: NewOrder[] = [
    { lines: [{ sku: 'JUG', quantity: 2 }], idempotencyKey },
    { ...oneOf('JUG'), token: 'tok_slow', idempotencyKey },
    { ...oneOf('JUG'), email: 'iris@shop.example', idempotencyKey },
  ];
  for (const other of others) {
    expect(await iris.placeOrder(other)).toMatchObject({
      order: null,
      replayed: false,
      userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED', field: ['input', 'idempotencyKey'] }],
    });
  }
  expect(await iris.cancelOrder({ orderId: first.id, idempotencyKey })).toMatchObject({
    order: null,
    userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }],
  });
  expect(await countOf(iris)).toBe(1);
  await vi.waitFor(async () => expect(await countOf(iris, ['CONFIRMED'])).toBe(1), patience);
  expect(await shop.stockroom.available('JUG')).toBe(99);
});

test('a key belongs to its caller: another customer’s order under the same key is another order', async () => {
  await shop.stockroom.offer({ sku: 'PAN', quantity: 100 });
  const [jack, kate] = await Promise.all([
    shop.open({ subject: 'jack' }),
    shop.open({ subject: 'kate' }),
  ]);
  const order = { ...oneOf('PAN'), idempotencyKey: 'monday' };
  const [his, hers] = await Promise.all([jack.placeOrder(order), kate.placeOrder(order)]);
  expect([his.replayed, hers.replayed]).toEqual([false, false]);
  expect(placedIn(his).id).not.toBe(placedIn(hers).id);
});

test('a refused order leaves its key free for the order that is put right', async () => {
  await shop.stockroom.offer({ sku: 'KETTLE', quantity: 1 });
  const liam = await shop.open({ subject: 'liam' });
  const idempotencyKey = randomUUID();
  const refused = await liam.placeOrder({ ...oneOf('NO-SUCH-KETTLE'), idempotencyKey });
  expect(refused).toMatchObject({ order: null, userErrors: [{ code: 'UNKNOWN_SKU' }] });
  const { order, replayed } = await liam.placeOrder({ ...oneOf('KETTLE'), idempotencyKey });
  expect({ status: order?.status, replayed }).toEqual({ status: 'PLACED', replayed: false });
});

function oneOf(sku: string): NewOrder {
  return { lines: [{ sku, quantity: 1 }] };
}

const countShape = z.object({ orders: z.object({ nodes: z.array(z.unknown()) }) });
const listOrders = `query Orders($filter: OrderFilter) {
  orders(first: 100, filter: $filter) { nodes { id } }
}`;

/** How many orders a customer has, 100 at most; only those in given states, if any are given. */
async function countOf(customer: Storefront, statuses?: readonly string[]): Promise<number> {
  const variables = { filter: statuses ? { statuses } : null };
  const { orders } = await customer.data({ query: listOrders, variables }, countShape);
  return orders.nodes.length;
}
