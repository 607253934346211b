/** What becomes of an order whose stock is held for a moment only. */
import { expect, test, vi } from 'vitest';
import { paymentOf } from './payment-of.ts';
import { pounds } from './pounds.ts';
import { chargeFor } from './provider-view.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { expectEachOnce } from './status-watch.ts';
import { placedIn, type Storefront } from './storefront.ts';

const holdMs = 3_500;
const shop = shopUnderTest({
  variables: { HOLD_DURATION_MS: String(holdMs) },
  provider: { lateMs: holdMs + 1_000 },
});
const patience = { timeout: 20_000, interval: 50 };

test('an order that is not paid while its stock is held expires, its stock is free again, and its customer is told', async () => {
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 5 });
  const alice = await shop.open();
  const lines = [{ sku: 'LAMP', quantity: 5 }];
  const outcome = await alice.placeOrder({
    lines,
    token: 'tok_declined',
    email: 'alice@shop.example',
  });
  const { id, number } = placedIn(outcome);
  const watch = alice.watch(id);
  await watch.until(({ version }) => version === 3);
  const changes = await watch.until(({ status }) => status === 'EXPIRED');
  watch.stop();
  expectEachOnce(changes, ['PLACED', 'RESERVED', 'RESERVED', 'EXPIRED']);
  expect(await alice.order(id)).toMatchObject({
    statusReason: 'HOLD_EXPIRED',
    holdExpiresAt: null,
  });
  await vi.waitFor(async () => expect(await shop.stockroom.available('LAMP')).toBe(5), patience);
  const subjects = () =>
    shop.system.mails
      .mails()
      .filter(({ to }) => to.includes('alice@shop.example'))
      .map(({ subject }) => subject);
  await vi.waitFor(
    () => expect(subjects()).toEqual([`Your order ${number} has expired`]),
    patience,
  );
  expect(await alice.payOrder({ orderId: id, token: 'tok_ok' })).toMatchObject({
    order: null,
    userErrors: [{ code: 'INVALID_TRANSITION' }],
  });
});

test('a payment that is under way when the hold ends is withdrawn, and nothing is charged', async () => {
  await shop.stockroom.offer({ sku: 'RUG', quantity: 1 });
  const bob = await shop.open({ subject: 'bob' });
  const id = await reservedFor(bob, 'RUG', 'tok_late');
  await arrival(bob, id, 'EXPIRED');
  await vi.waitFor(async () => {
    expect(await paymentOf(bob, id)).toMatchObject({
      status: 'VOIDED',
      capturedAmount: pounds('0.00'),
      attempts: [{ status: 'VOIDED' }],
    });
  }, patience);
  expect(await chargeFor(shop.system, id)).toMatchObject({ status: 'canceled', amountCaptured: 0 });
});

test('money that comes after the hold has ended is refunded once, and resurrects nothing', async () => {
  await shop.stockroom.offer({ sku: 'BED', quantity: 1 });
  const carol = await shop.open({ subject: 'carol' });
  const id = await reservedFor(carol, 'BED', 'tok_late');
  await vi.waitFor(async () => expect(await chargeFor(shop.system, id)).toBeDefined(), patience);
  // With nobody there to withdraw it, the charge succeeds after the hold has ended.
  await shop.system.services.payment.stop();
  await arrival(carol, id, 'EXPIRED');
  await vi.waitFor(
    async () => expect(await chargeFor(shop.system, id)).toMatchObject({ status: 'succeeded' }),
    patience,
  );
  await shop.system.services.payment.start();
  await vi.waitFor(async () => {
    expect(await paymentOf(carol, id)).toMatchObject({
      status: 'REFUNDED',
      capturedAmount: pounds('2.50'),
      refundedAmount: pounds('2.50'),
      refunds: [{ status: 'SUCCEEDED', amount: pounds('2.50') }],
    });
  }, patience);
  expect(await carol.order(id)).toMatchObject({ status: 'EXPIRED', version: 3 });
  expect(await shop.stockroom.available('BED')).toBe(1);
  expect(await chargeFor(shop.system, id)).toMatchObject({ amountRefunded: 250 });
});

test('an order that is paid in the moment its hold ends is either confirmed with its stock, or keeps neither stock nor money', async () => {
  await shop.stockroom.offer({ sku: 'HAT', quantity: 60 });
  const dave = await shop.open({ subject: 'dave' });
  const arrived = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const lines = [{ sku: 'HAT', quantity: 1 }];
      const { id } = placedIn(await dave.placeOrder({ lines, token: 'tok_declined' }));
      const watch = dave.watch(id);
      await watch.until(({ version }) => version === 3);
      const holdEndsAt = (await dave.order(id))?.holdExpiresAt;
      // From well before the end of the hold until just behind it.
      const payAtMs = holdEndsAt ? Date.parse(holdEndsAt) - 600 + 11 * i : 0;
      await vi.waitUntil(() => Date.now() >= payAtMs, { ...patience, interval: 5 });
      await dave.payOrder({ orderId: id, token: 'tok_ok' });
      await watch.until(({ status }) => status in ends);
      watch.stop();
      return endOf(dave, id);
    }),
  );
  for (const { status, kept } of arrived) expect(kept).toBe(status === 'CONFIRMED' ? 2.5 : 0);
  const confirmed = arrived.filter(({ status }) => status === 'CONFIRMED');
  await vi.waitFor(
    async () => expect(await shop.stockroom.available('HAT')).toBe(60 - confirmed.length),
    patience,
  );
});

async function reservedFor(customer: Storefront, sku: string, token: string): Promise<string> {
  const { id } = placedIn(await customer.placeOrder({ lines: [{ sku, quantity: 1 }], token }));
  await arrival(customer, id, 'RESERVED');
  return id;
}

async function arrival(customer: Storefront, id: string, status: string): Promise<void> {
  await vi.waitFor(
    async () => expect(await customer.order(id)).toMatchObject({ status }),
    patience,
  );
}

const ends: Readonly<Record<string, readonly string[]>> = {
  CONFIRMED: ['CAPTURED'],
  EXPIRED: ['VOIDED', 'REFUNDED'],
};

/** Where an order has come to, and how much money was kept for it, once neither can change any more. */
async function endOf(customer: Storefront, id: string): Promise<{ status: string; kept: number }> {
  return vi.waitFor(async () => {
    const { status = '' } = (await customer.order(id)) ?? {};
    const payment = await paymentOf(customer, id);
    expect(ends[status] ?? []).toContain(payment?.status);
    const kept = Number(payment?.capturedAmount.amount) - Number(payment?.refundedAmount.amount);
    return { status, kept };
  }, patience);
}
