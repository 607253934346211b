/** Paying, paying again, and giving back: what customers see of their money. */
import { randomUUID } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { paymentOf } from './payment-of.ts';
import { pounds } from './pounds.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { expectEachOnce } from './status-watch.ts';
import { placedIn, type Storefront } from './storefront.ts';

const shop = shopUnderTest({
  // A slow payment is still under way when the test is over with it.
  provider: { slowMs: 600_000 },
  variables: { RECONCILE_AFTER_MS: '300', CHARGE_TIMEOUT_MS: '500' },
});
const patience = { timeout: 20_000, interval: 50 };

test('after a decline the stock stays held, and paying again confirms the order', async () => {
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 10 });
  const alice = await shop.open();
  const { id } = await placed(alice, 'LAMP', 'tok_declined');
  const watch = alice.watch(id);
  await watch.until(({ version }) => version === 3);
  expect(await alice.order(id)).toMatchObject({
    status: 'RESERVED',
    statusReason: 'PAYMENT_DECLINED',
  });
  expect(await shop.stockroom.available('LAMP')).toBe(9);
  expect(await alice.payOrder({ orderId: id, token: 'tok_ok' })).toMatchObject({
    order: { id },
    replayed: false,
    userErrors: [],
  });
  const changes = await watch.until(({ status }) => status === 'CONFIRMED');
  watch.stop();
  expectEachOnce(changes, ['PLACED', 'RESERVED', 'RESERVED', 'CONFIRMED']);
  expect(await paymentOf(alice, id)).toMatchObject({
    status: 'CAPTURED',
    capturedAmount: pounds('2.50'),
    attempts: [{ status: 'DECLINED', failureCode: 'card_declined' }, { status: 'CAPTURED' }],
  });
});

test('paying again 20 times at once under one key makes one attempt', async () => {
  await shop.stockroom.offer({ sku: 'RUG', quantity: 10 });
  const bob = await shop.open({ subject: 'bob' });
  const { id } = await placed(bob, 'RUG', 'tok_declined_once');
  await arrival(bob, id, { version: 3 });
  const payment = { orderId: id, token: 'tok_declined_once', idempotencyKey: randomUUID() };
  const answers = await Promise.all(Array.from({ length: 20 }, () => bob.payOrder(payment)));
  expect(answers.flatMap(({ userErrors }) => userErrors)).toEqual([]);
  expect(answers.filter(({ replayed }) => replayed)).toHaveLength(19);
  await arrival(bob, id, { status: 'CONFIRMED' });
  expect((await paymentOf(bob, id))?.attempts).toHaveLength(2);
  expect(await bob.payOrder({ ...payment, token: 'tok_ok' })).toMatchObject({
    order: null,
    userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }],
  });
});

test('paying is refused for an order that is paid, and for one that is not the caller’s or not there', async () => {
  await shop.stockroom.offer({ sku: 'BED', quantity: 10 });
  const [carol, thief] = [
    await shop.open({ subject: 'carol' }),
    await shop.open({ subject: 'thief' }),
  ];
  const paid = await placed(carol, 'BED');
  await arrival(carol, paid.id, { status: 'CONFIRMED' });
  const declined = await placed(carol, 'BED', 'tok_declined');
  await arrival(carol, declined.id, { version: 3 });
  const refusal = async (payer: Storefront, orderId: string) =>
    (await payer.payOrder({ orderId, token: 'tok_ok' })).userErrors.map(({ code }) => code);
  expect(await refusal(carol, paid.id)).toEqual(['INVALID_TRANSITION']);
  expect(await refusal(thief, declined.id)).toEqual(['NOT_FOUND']);
  expect(await refusal(carol, 'ord_01jd8v4m7cf2x9qf1k2n3p4r5s')).toEqual(['NOT_FOUND']);
  expect((await carol.order(declined.id))?.version).toBe(3);
});

test.each(['tok_duplicate_webhook', 'tok_no_webhook', 'tok_error_then_ok', 'tok_timeout'])(
  'a payment by %s confirms the order and is charged once',
  async (token) => {
    await shop.stockroom.offer({ sku: token, quantity: 10 });
    const dave = await shop.open({ subject: 'dave' });
    const { id } = await placed(dave, token, token);
    await arrival(dave, id, { status: 'CONFIRMED' });
    expect(await paymentOf(dave, id)).toMatchObject({
      capturedAmount: pounds('2.50'),
      refundedAmount: pounds('0.00'),
      attempts: [{ status: 'CAPTURED' }],
    });
  },
);

test('an order is on hold for staff when another amount was captured, and only staff can cancel it', async () => {
  await shop.stockroom.offer({ sku: 'RING', quantity: 10, price: pounds('500.00') });
  const erin = await shop.open({ subject: 'erin' });
  const { id } = await placed(erin, 'RING', 'tok_wrong_amount');
  await arrival(erin, id, { status: 'ON_HOLD', statusReason: 'AMOUNT_MISMATCH' });
  expect(await paymentOf(erin, id)).toMatchObject({
    status: 'MISMATCHED',
    amount: pounds('500.00'),
    capturedAmount: pounds('499.99'),
  });
  expect(await shop.stockroom.available('RING')).toBe(9);
  expect(await erin.cancelOrder({ orderId: id })).toMatchObject({
    order: null,
    userErrors: [{ code: 'INVALID_TRANSITION' }],
  });
  const { order } = await shop.stockroom.staff.cancelOrder({ orderId: id });
  expect(order?.status).toBe('CANCELLING');
  await arrival(erin, id, { status: 'CANCELLED', statusReason: 'STAFF_REQUEST' });
  expect(await paymentOf(erin, id)).toMatchObject({
    status: 'REFUNDED',
    refundedAmount: pounds('499.99'),
    refunds: [{ status: 'SUCCEEDED', amount: pounds('499.99') }],
  });
  expect(await shop.stockroom.available('RING')).toBe(10);
});

test('an order cancelled before the money came is charged nothing, and its stock is free again', async () => {
  await shop.stockroom.offer({ sku: 'HAT', quantity: 10 });
  const frank = await shop.open({ subject: 'frank' });
  const { id } = await placed(frank, 'HAT', 'tok_slow');
  const watch = frank.watch(id);
  await watch.until(({ status }) => status === 'RESERVED');
  await vi.waitFor(async () => expect(await paymentOf(frank, id)).not.toBeNull(), patience);
  await frank.cancelOrder({ orderId: id, reason: 'Too slow' });
  const changes = await watch.until(({ status }) => status === 'CANCELLED');
  watch.stop();
  expectEachOnce(changes, ['PLACED', 'RESERVED', 'CANCELLING', 'CANCELLED']);
  expect(await paymentOf(frank, id)).toMatchObject({
    status: 'VOIDED',
    capturedAmount: pounds('0.00'),
    attempts: [{ status: 'VOIDED' }],
    refunds: [],
  });
  expect(await shop.stockroom.available('HAT')).toBe(10);
});

test('an order cancelled after it was paid is refunded once, its stock is free again, and its customer is told', async () => {
  await shop.stockroom.offer({ sku: 'COAT', quantity: 10, price: pounds('80.00') });
  const grace = await shop.open({ subject: 'grace' });
  const outcome = await grace.placeOrder({
    lines: [{ sku: 'COAT', quantity: 2 }],
    email: 'grace@shop.example',
  });
  const { id, number } = placedIn(outcome);
  await arrival(grace, id, { status: 'CONFIRMED' });
  const cancellation = { orderId: id, idempotencyKey: randomUUID() };
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => grace.cancelOrder(cancellation)),
  );
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
  await arrival(grace, id, { status: 'CANCELLED', statusReason: 'CUSTOMER_REQUEST', version: 5 });
  expect(await paymentOf(grace, id)).toMatchObject({
    status: 'REFUNDED',
    capturedAmount: pounds('160.00'),
    refundedAmount: pounds('160.00'),
    refunds: [{ status: 'SUCCEEDED', amount: pounds('160.00') }],
  });
  expect(await shop.stockroom.available('COAT')).toBe(10);
  await vi.waitFor(() => {
    const mails = shop.system.mails.mails().filter(({ to }) => to.includes('grace@shop.example'));
    expect(mails.map(({ subject }) => subject).toSorted()).toEqual([
      `Your order ${number} is cancelled`,
      `Your order ${number} is confirmed`,
    ]);
  }, patience);
});

test('cancelling is refused for an order that changed since, that is over, or that is not the caller’s', async () => {
  await shop.stockroom.offer({ sku: 'SHOE', quantity: 10 });
  const [heidi, thief] = [
    await shop.open({ subject: 'heidi' }),
    await shop.open({ subject: 'thief' }),
  ];
  const { id: orderId } = await placed(heidi, 'SHOE');
  await arrival(heidi, orderId, { status: 'CONFIRMED', version: 3 });
  expect((await heidi.cancelOrder({ orderId, expectedVersion: 2 })).userErrors).toMatchObject([
    { code: 'VERSION_CONFLICT', expectedVersion: 2, actualVersion: 3 },
  ]);
  expect((await thief.cancelOrder({ orderId })).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  expect((await heidi.order(orderId))?.version).toBe(3);
  const done = await heidi.cancelOrder({ orderId, expectedVersion: 3 });
  expect(done.order).toMatchObject({ status: 'CANCELLING', version: 4 });
  await arrival(heidi, orderId, { status: 'CANCELLED' });
  expect((await heidi.cancelOrder({ orderId })).userErrors).toMatchObject([
    { code: 'INVALID_TRANSITION' },
  ]);
});

test('orders cancelled in the moment they are placed all end cancelled, with stock and money as before', async () => {
  await shop.stockroom.offer({ sku: 'SOCK', quantity: 40 });
  const ivan = await shop.open({ subject: 'ivan' });
  const ids = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const { id } = await placed(ivan, 'SOCK');
      const { userErrors } = await ivan.cancelOrder({ orderId: id });
      expect(userErrors).toEqual([]);
      return id;
    }),
  );
  for (const id of ids) await arrival(ivan, id, { status: 'CANCELLED' });
  for (const id of ids) {
    const payment = await paymentOf(ivan, id);
    expect(payment?.refundedAmount).toEqual(payment?.capturedAmount);
  }
  expect(await shop.stockroom.available('SOCK')).toBe(40);
});

async function placed(customer: Storefront, sku: string, token?: string) {
  const lines = [{ sku, quantity: 1 }];
  return placedIn(await customer.placeOrder({ lines, ...(token === undefined ? {} : { token }) }));
}

async function arrival(customer: Storefront, id: string, state: object): Promise<void> {
  await vi.waitFor(async () => expect(await customer.order(id)).toMatchObject(state), patience);
}
