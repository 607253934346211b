import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  attemptIdsOf,
  breaches,
  cancelling,
  chargesOf,
  expired,
  look,
  reserved,
  startPayment,
  type RunningPayment,
} from './testing/running-payment.ts';

let payment: RunningPayment;
beforeAll(async () => {
  payment = await startPayment();
});
afterAll(async () => {
  await payment.stop();
});

async function reserve(token: string, amountMinor = 1250): Promise<string> {
  const event = reserved({ token, amountMinor });
  await payment.hear(event);
  return event.data.orderId;
}

/** The payment once it has the status. */
async function reached(orderId: string, status: string) {
  const isThere = async () => (await look(payment, orderId)).status === status;
  await expect.poll(isThere, { timeout: 10_000, interval: 20 }).toBe(true);
  return look(payment, orderId);
}

async function pay(orderId: string, token: string, key = `key-${orderId}-${token}`) {
  return payment.payments.payOrder({
    caller: 'alice',
    idempotencyKey: key,
    orderId,
    payment: { channel: 'SANDBOX', token },
    origin: { correlationId: 'again', causationId: null },
  });
}

const captured = {
  status: 'CAPTURED',
  attempts: ['CAPTURED'],
  refunds: [],
  told: ['payment.captured'],
};

test.each([
  'tok_ok',
  'tok_slow',
  'tok_timeout',
  'tok_error_then_ok',
  'tok_duplicate_webhook',
  'tok_no_webhook',
])('%s is captured once, told once and charged once', async (token) => {
  const orderId = await reserve(token);
  expect(await reached(orderId, 'CAPTURED')).toEqual(captured);
  const charges = await chargesOf(payment, await attemptIdsOf(payment, orderId));
  expect(charges).toHaveLength(1);
  expect(await breaches(payment)).toEqual([]);
});

test('a declined payment is told, and may be paid again', async () => {
  const orderId = await reserve('tok_declined');
  expect(await reached(orderId, 'DECLINED')).toEqual({
    status: 'DECLINED',
    attempts: ['DECLINED'],
    refunds: [],
    told: ['payment.declined'],
  });
  expect(await pay(orderId, 'tok_ok')).toEqual({ kind: 'done', replayed: false });
  expect(await reached(orderId, 'CAPTURED')).toEqual({
    status: 'CAPTURED',
    attempts: ['DECLINED', 'CAPTURED'],
    refunds: [],
    told: ['payment.declined', 'payment.captured'],
  });
});

test('a card that declines once is captured at the second try', async () => {
  const orderId = await reserve('tok_declined_once');
  expect(await reached(orderId, 'DECLINED')).toMatchObject({ status: 'DECLINED' });
  await pay(orderId, 'tok_declined_once');
  expect(await reached(orderId, 'CAPTURED')).toMatchObject({ status: 'CAPTURED' });
});

test('a token the provider does not know is a decline', async () => {
  const orderId = await reserve('tok_from_nowhere');
  expect(await reached(orderId, 'DECLINED')).toMatchObject({
    status: 'DECLINED',
    told: ['payment.declined'],
  });
});

test('another amount than asked for is mismatched, kept, and given back when staff cancel', async () => {
  const orderId = await reserve('tok_wrong_amount');
  expect(await reached(orderId, 'MISMATCHED')).toEqual({
    status: 'MISMATCHED',
    attempts: ['CAPTURED'],
    refunds: [],
    told: ['payment.mismatched'],
  });
  await payment.hear(cancelling(orderId));
  expect(await reached(orderId, 'REFUNDED')).toMatchObject({
    status: 'REFUNDED',
    refunds: ['SUCCEEDED'],
    told: ['payment.mismatched', 'payment.closed REFUNDED'],
  });
});

test.each(['tok_ok', 'tok_no_webhook', 'tok_duplicate_webhook'])(
  'captured money of %s goes back once when its order is cancelled',
  async (token) => {
    const orderId = await reserve(token);
    expect(await reached(orderId, 'CAPTURED')).toMatchObject({ status: 'CAPTURED' });
    await payment.hear(cancelling(orderId));
    await payment.hear(cancelling(orderId));
    expect(await reached(orderId, 'REFUNDED')).toEqual({
      status: 'REFUNDED',
      attempts: ['CAPTURED'],
      refunds: ['SUCCEEDED'],
      told: ['payment.captured', 'payment.closed REFUNDED'],
    });
    const [charge] = await chargesOf(payment, await attemptIdsOf(payment, orderId));
    expect(charge?.refundedMinor).toBe(1250);
  },
);

test('a pending charge is cancelled at the provider when the order expires', async () => {
  const orderId = await reserve('tok_late');
  await expect
    .poll(async () => (await chargesOf(payment, await attemptIdsOf(payment, orderId))).length)
    .toBe(1);
  await payment.hear(expired(orderId));
  expect(await reached(orderId, 'VOIDED')).toEqual({
    status: 'VOIDED',
    attempts: ['VOIDED'],
    refunds: [],
    told: ['payment.closed VOIDED'],
  });
  const [charge] = await chargesOf(payment, await attemptIdsOf(payment, orderId));
  expect(charge?.status).toBe('voided');
});

test('a declined payment is void at once when its order expires', async () => {
  const orderId = await reserve('tok_declined');
  expect(await reached(orderId, 'DECLINED')).toMatchObject({ status: 'DECLINED' });
  await payment.hear(expired(orderId));
  expect((await look(payment, orderId)).told).toEqual([
    'payment.declined',
    'payment.closed VOIDED',
  ]);
});

test('an order that is cancelled before it was reserved is never charged', async () => {
  const event = reserved();
  const { orderId } = event.data;
  await payment.hear(cancelling(orderId));
  await payment.hear(event);
  expect(await look(payment, orderId)).toEqual({
    status: 'VOIDED',
    attempts: [],
    refunds: [],
    told: ['payment.closed NONE'],
  });
});

test('reserved and cancelled in one batch, in either order, never reaches the provider', async () => {
  const first = reserved();
  const second = reserved();
  await payment.hear(first, cancelling(first.data.orderId));
  await payment.hear(cancelling(second.data.orderId), second);
  expect(await look(payment, first.data.orderId)).toMatchObject({
    status: 'VOIDED',
    attempts: ['VOIDED'],
    told: ['payment.closed VOIDED'],
  });
  expect(await look(payment, second.data.orderId)).toMatchObject({
    status: 'VOIDED',
    attempts: [],
  });
});

test('an order that costs nothing is captured without a provider, and voided when cancelled', async () => {
  const orderId = await reserve('tok_ok', 0);
  expect(await look(payment, orderId)).toEqual(captured);
  await payment.hear(cancelling(orderId));
  expect(await look(payment, orderId)).toMatchObject({
    status: 'VOIDED',
    refunds: [],
    told: ['payment.captured', 'payment.closed VOIDED'],
  });
});

test('an attempt whose hold ended before anybody called the provider is not charged', async () => {
  const event = reserved({ holdExpiresAt: new Date(Date.now() - 1) });
  await payment.hear(event);
  const { orderId } = event.data;
  const other = await reserve('tok_ok');
  expect(await reached(other, 'CAPTURED')).toEqual(captured);
  expect((await look(payment, orderId)).attempts).toEqual(['PENDING']);
  await payment.hear(expired(orderId));
  expect((await look(payment, orderId)).told).toEqual(['payment.closed VOIDED']);
  expect(await chargesOf(payment, await attemptIdsOf(payment, orderId))).toEqual([]);
});

test('a settled attempt keeps no token', async () => {
  const orderId = await reserve('tok_ok');
  expect(await reached(orderId, 'CAPTURED')).toEqual(captured);
  const rows = await payment.sql`select token from payment_attempts where order_id = ${orderId}`;
  expect(rows.map(({ token }) => token)).toEqual([null]);
});

test('a batch of orders with every kind of outcome settles each by itself', async () => {
  const tokens = ['tok_ok', 'tok_declined', 'tok_wrong_amount', 'tok_error_then_ok'];
  const events = Array.from({ length: 40 }, (_, i) =>
    reserved({ token: tokens[i % 4] ?? 'tok_ok' }),
  );
  await payment.hear(...events);
  const expectedStatus = ['CAPTURED', 'DECLINED', 'MISMATCHED', 'CAPTURED'];
  for (const [i, event] of events.entries()) {
    expect(await reached(event.data.orderId, expectedStatus[i % 4] ?? '')).toMatchObject({
      status: expectedStatus[i % 4],
    });
  }
  expect(await breaches(payment)).toEqual([]);
});
