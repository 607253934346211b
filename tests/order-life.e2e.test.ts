/** An order's way through all services, as its customer sees it. */
import { overSse } from '@ordergraph/router/test/clients.ts';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { everythingOf } from './everything-of.ts';
import { pounds } from './pounds.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { expectEachOnce, statusWatch, watchOperation } from './status-watch.ts';
import { placedIn, type Storefront } from './storefront.ts';

const shop = shopUnderTest();
const patience = { timeout: 20_000, interval: 50 };

test('an order goes from placed over reserved to confirmed, and its watchers see where it is, then each change once and in order', async () => {
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 100 });
  const alice = await shop.open({ subject: 'alice' });
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      const { order, ...rest } = await alice.placeOrder({ lines: [{ sku: 'LAMP', quantity: 2 }] });
      expect(rest).toEqual({ replayed: false, userErrors: [] });
      expect(order).toMatchObject({ status: 'PLACED', version: 1, total: pounds('5.00') });
      const { id } = placedIn({ order });
      for (const watch of [alice.watch(id), watchOverSse(alice, id)]) {
        const changes = await watch.until(({ status }) => status === 'CONFIRMED');
        watch.stop();
        expectEachOnce(changes, ['PLACED', 'RESERVED', 'CONFIRMED']);
      }
    }),
  );
});

test('a confirmed order shows its payment, stock, mail and products, each from the service that has it', async () => {
  await shop.stockroom.offer({ sku: 'CUP', quantity: 7, price: pounds('3.00') });
  await shop.stockroom.offer({ sku: 'TEAPOT', quantity: 5, price: pounds('12.50') });
  const bob = await shop.open({ subject: 'bob' });
  const lines = [
    { sku: 'TEAPOT', quantity: 1 },
    { sku: 'CUP', quantity: 4 },
  ];
  const { id, number } = placedIn(await bob.placeOrder({ lines, email: 'bob@shop.example' }));
  await vi.waitFor(async () => {
    const { order } = await bob.data({ query: everythingOf, variables: { id } }, orderShape);
    expect({ ...order, reservations: order.reservations.toSorted(bySku) }).toEqual({
      status: 'CONFIRMED',
      total: pounds('24.50'),
      lines: [
        {
          ...lineOf('TEAPOT', 1, '12.50'),
          total: pounds('12.50'),
          product: productOf('TEAPOT', 4, '12.50'),
        },
        {
          ...lineOf('CUP', 4, '3.00'),
          total: pounds('12.00'),
          product: productOf('CUP', 3, '3.00'),
        },
      ],
      history: {
        nodes: [
          { version: 1, previousStatus: null, status: 'PLACED', reason: null },
          { version: 2, previousStatus: 'PLACED', status: 'RESERVED', reason: null },
          { version: 3, previousStatus: 'RESERVED', status: 'CONFIRMED', reason: null },
        ],
      },
      payment: {
        status: 'CAPTURED',
        amount: pounds('24.50'),
        capturedAmount: pounds('24.50'),
        refundedAmount: pounds('0.00'),
        attempts: [
          { channel: 'SANDBOX', status: 'CAPTURED', amount: pounds('24.50'), failureCode: null },
        ],
        refunds: [],
      },
      reservations: [reservationOf('CUP', 4), reservationOf('TEAPOT', 1)],
      notifications: [
        {
          kind: 'ORDER_CONFIRMED',
          channel: 'EMAIL',
          status: 'SENT',
          subject: `Your order ${number} is confirmed`,
          order: { number },
        },
      ],
    });
  }, patience);
});

test('the customer of a confirmed order gets one mail, which says the same as text and as HTML', async () => {
  await shop.stockroom.offer({ sku: 'VASE', quantity: 3, price: pounds('19.99') });
  const carol = await shop.open({ subject: 'carol' });
  const outcome = await carol.placeOrder({
    lines: [{ sku: 'VASE', quantity: 3 }],
    email: 'carol@shop.example',
  });
  const { id, number } = placedIn(outcome);
  await vi.waitFor(async () => {
    const { order } = await carol.data({ query: mailsOf, variables: { id } }, notificationsShape);
    expect(order.notifications).toEqual([{ status: 'SENT' }]);
  }, patience);
  const mails = shop.system.mails.mails().filter(({ to }) => to.includes('carol@shop.example'));
  expect(mails.map(({ subject }) => subject)).toEqual([`Your order ${number} is confirmed`]);
  for (const body of [mails[0]?.text, mails[0]?.html]) {
    for (const part of ['Hello Ada Lovelace', number, '3 × The VASE', '59.97 GBP']) {
      expect(body).toContain(part);
    }
  }
  expect(mails[0]?.html).toContain('<table>');
  expect(mails[0]?.text).not.toContain('<');
});

test('the sales report counts an order once it is confirmed, and no more once it is cancelled', async () => {
  await shop.stockroom.offer({ sku: 'BOWL', quantity: 50, price: pounds('7.25') });
  const dave = await shop.open({ subject: 'dave' });
  const analyst = await shop.open({ subject: 'ann', role: 'staff', scopes: ['analytics:read'] });
  const placed = await Promise.all(
    [1, 2, 3].map((quantity) => dave.placeOrder({ lines: [{ sku: 'BOWL', quantity }] })),
  );
  const sold = (figures: object | undefined) =>
    vi.waitFor(async () => expect(await salesOf(analyst, 'BOWL')).toEqual(figures), patience);
  await sold({ orders: 3, lines: 3, units: 6, revenue: [pounds('43.50')] });
  const [last] = placed.slice(-1).map(placedIn);
  await dave.cancelOrder({ orderId: last?.id ?? '' });
  await sold({ orders: 2, lines: 2, units: 3, revenue: [pounds('21.75')] });
});

function watchOverSse({ url, headers }: Storefront, orderId: string) {
  return statusWatch(overSse(url, { query: watchOperation, variables: { orderId } }, headers));
}

const orderShape = z.object({
  order: z.looseObject({ reservations: z.array(z.looseObject({ sku: z.string() })) }),
});
const mailsOf = 'query Mails($id: ID!) { order(id: $id) { notifications { status } } }';
const notificationsShape = z.object({ order: z.object({ notifications: z.array(z.unknown()) }) });

const bySku = (a: { sku: string }, b: { sku: string }) => (a.sku < b.sku ? -1 : 1);
const lineOf = (sku: string, quantity: number, price: string) => ({
  sku,
  name: `The ${sku}`,
  quantity,
  unitPrice: pounds(price),
});
const productOf = (sku: string, available: number, price: string) => ({
  sku,
  name: `The ${sku}`,
  available,
  unitPrice: pounds(price),
});
const reservationOf = (sku: string, quantity: number) => ({
  sku,
  warehouse: 'main',
  quantity,
  status: 'ALLOCATED',
  expiresAt: null,
  product: { name: `The ${sku}` },
});

const reportBySku = `query Report($input: SalesReportInput!) { salesReport(input: $input) {
  rows { key figures { orders lines units revenue { amount currencyCode } } }
} }`;
const reportShape = z.object({
  salesReport: z.object({ rows: z.array(z.object({ key: z.string(), figures: z.unknown() })) }),
});

/** The figures of one product, yesterday to tomorrow: the test may run at midnight. */
async function salesOf(analyst: Storefront, sku: string): Promise<unknown> {
  const day = (offset: number) =>
    new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  const input = { from: day(-1), to: day(1), groupBy: 'SKU' };
  const { salesReport } = await analyst.data(
    { query: reportBySku, variables: { input } },
    reportShape,
  );
  return salesReport.rows.find(({ key }) => key === sku)?.figures;
}
