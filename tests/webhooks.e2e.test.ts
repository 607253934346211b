/** What the payment provider tells: believed if it was signed by the provider, and only once. */
import { loadSecrets } from '@ordergraph/scripts/secrets.ts';
import { signWebhook } from '@ordergraph/sandbox/payment-provider/signature.ts';
import { expect, test, vi } from 'vitest';
import { paymentOf } from './payment-of.ts';
import { pounds } from './pounds.ts';
import { chargeFor, eventsFor, tellAgain } from './provider-view.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { placedIn, type Storefront } from './storefront.ts';

// A slow payment is still under way when the test is over with it.
const shop = shopUnderTest({ provider: { slowMs: 600_000 } });
const patience = { timeout: 20_000, interval: 50 };

test('an event told a hundred times more is believed once: one capture, one confirmation', async () => {
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 10 });
  const alice = await shop.open();
  const id = await place(alice, 'LAMP');
  await vi.waitFor(async () => expect((await alice.order(id))?.status).toBe('CONFIRMED'), patience);
  const [event] = await eventsFor(shop.system, id);
  expect(event?.type).toBe('charge.succeeded');
  await tellAgain(shop.system, event?.id ?? '', 100);
  // The order moves on meanwhile, so that the late copies meet another state.
  await alice.cancelOrder({ orderId: id });
  await vi.waitFor(async () => expect((await alice.order(id))?.status).toBe('CANCELLED'), patience);
  await tellAgain(shop.system, event?.id ?? '', 10);
  expect(await paymentOf(alice, id)).toMatchObject({
    status: 'REFUNDED',
    capturedAmount: pounds('2.50'),
    refundedAmount: pounds('2.50'),
    refunds: [{ status: 'SUCCEEDED' }],
  });
  expect((await alice.order(id))?.version).toBe(5);
  expect(await chargeFor(shop.system, id)).toMatchObject({ amountRefunded: 250 });
});

test('an event that the provider did not sign, or signed for other words or another time, is refused and confirms nothing', async () => {
  await shop.stockroom.offer({ sku: 'RUG', quantity: 10 });
  const mallory = await shop.open({ subject: 'mallory' });
  const id = await place(mallory, 'RUG', 'tok_slow');
  await vi.waitFor(async () => expect(await chargeFor(shop.system, id)).toBeDefined(), patience);
  const charge = await chargeFor(shop.system, id);
  const { sandboxWebhookSecret: secret } = await loadSecrets(shop.system.dataDir);
  const now = Math.floor(Date.now() / 1_000);
  const event = (type: string) =>
    JSON.stringify({
      id: 'evt_ofmallory',
      type,
      created: now,
      data: { object: { ...charge, status: 'succeeded', amountCaptured: 250, settled: now } },
    });
  const succeeded = event('charge.succeeded');
  const signatures = [
    undefined,
    '',
    `t=${now},v1=${'0'.repeat(64)}`,
    `t=${now},v1=short`,
    signWebhook(now, succeeded, `${secret}x`),
    signWebhook(now, event('charge.failed'), secret),
    signWebhook(now - 3_600, succeeded, secret),
    signWebhook(now + 3_600, succeeded, secret),
    signWebhook(now - 1, succeeded, secret).replace(`t=${now - 1}`, `t=${now}`),
  ];
  const { origin } = new URL(shop.system.url);
  for (const signature of signatures) {
    const { status } = await fetch(`${origin}/webhooks/sandbox`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(signature === undefined ? {} : { 'sandbox-signature': signature }),
      },
      body: succeeded,
    });
    expect({ signature, status }).toEqual({ signature, status: 401 });
  }
  const unknown = await fetch(`${origin}/webhooks/paypal`, { method: 'POST', body: succeeded });
  expect(unknown.status).toBe(404);
  expect(await mallory.order(id)).toMatchObject({ status: 'RESERVED', version: 2 });
  expect(await paymentOf(mallory, id)).toMatchObject({
    status: 'PENDING',
    capturedAmount: pounds('0.00'),
  });
});

async function place(customer: Storefront, sku: string, token = 'tok_ok'): Promise<string> {
  return placedIn(await customer.placeOrder({ lines: [{ sku, quantity: 1 }], token })).id;
}
