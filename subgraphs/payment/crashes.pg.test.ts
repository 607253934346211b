/** What a crash leaves behind, at each point of the protocol in charging.ts. */
import { createLogger } from '@ordergraph/platform/logger.ts';
import { afterEach, assert, beforeEach, expect, test } from 'vitest';
import { channelOf } from './channels/channel.ts';
import { startCharging } from './charging.ts';
import { reconcile } from './reconciliation.ts';
import { leaseAttempts, leaseRefunds } from './store/work.ts';
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
beforeEach(async () => {
  payment = await startPayment({ working: false });
});
afterEach(async () => {
  const found = await breaches(payment);
  await payment.stop();
  assert.deepEqual(found, []);
});

async function reserve(token = 'tok_ok') {
  const event = reserved({ token });
  await payment.hear(event);
  const { orderId } = event.data;
  const [attemptId = ''] = await attemptIdsOf(payment, orderId);
  const request = { attemptId, orderId, amount: { minor: 1250, currency: 'GBP' }, token };
  return { orderId, attemptId, request };
}

/** A process takes the attempt and is killed: its lease is over after a moment. */
const leaseAndDie = () => leaseAttempts(payment.sql, { max: 10, leaseMs: 100 });
const charge = (request: Parameters<typeof payment.channel.charge>[0]) =>
  payment.channel.charge(request, new AbortController().signal);

async function reached(orderId: string, status: string) {
  const isThere = async () => (await look(payment, orderId)).status === status;
  await expect.poll(isThere, { timeout: 10_000, interval: 20 }).toBe(true);
  return look(payment, orderId);
}

async function differences(): Promise<unknown[]> {
  const { sql, channels } = payment;
  const now = new Date(Date.now() + 1_000);
  return reconcile({ sql, channel: channelOf(channels, 'SANDBOX') }, { now, graceMs: 0 });
}

test('killed before the lease: the attempt is found by the next look', async () => {
  const { orderId } = await reserve();
  payment.startWorking();
  expect(await reached(orderId, 'CAPTURED')).toMatchObject({ told: ['payment.captured'] });
});

test('killed after the lease, before the call: charged once when the lease has ended', async () => {
  const { orderId, attemptId } = await reserve();
  expect(await leaseAndDie()).toHaveLength(1);
  payment.startWorking();
  await reached(orderId, 'CAPTURED');
  expect(await chargesOf(payment, [attemptId])).toHaveLength(1);
});

test('killed after the provider accepted, before we noted it: still one charge', async () => {
  const { orderId, attemptId, request } = await reserve('tok_no_webhook');
  await leaseAndDie();
  expect(await charge(request)).toMatchObject({ kind: 'pending' });
  payment.startWorking();
  expect(await reached(orderId, 'CAPTURED')).toMatchObject({ told: ['payment.captured'] });
  expect(await chargesOf(payment, [attemptId])).toHaveLength(1);
});

test('the webhook that comes before our own call returned settles the attempt', async () => {
  const { orderId, request } = await reserve();
  await leaseAndDie();
  await charge(request);
  expect(await reached(orderId, 'CAPTURED')).toMatchObject({ attempts: ['CAPTURED'] });
});

test('killed between the refund at the provider and our note of it: refunded once', async () => {
  const { orderId, attemptId, request } = await reserve('tok_no_webhook');
  payment.startWorking();
  await reached(orderId, 'CAPTURED');
  await payment.stopWorking();
  await payment.hear(cancelling(orderId));
  const [due] = await leaseRefunds(payment.sql, { max: 1, leaseMs: 100 });
  await payment.channel.refund({
    refundId: due?.id ?? '',
    orderId,
    chargeId: due?.charge_id ?? '',
    amount: request.amount,
  });
  payment.startWorking();
  expect(await reached(orderId, 'REFUNDED')).toMatchObject({
    told: ['payment.captured', 'payment.closed REFUNDED'],
  });
  const [found] = await chargesOf(payment, [attemptId]);
  expect(found?.refundedMinor).toBe(1250);
  expect(await differences()).toEqual([]);
});

test('cancelled while a call is under way that captures: the money goes back', async () => {
  const { orderId, attemptId, request } = await reserve('tok_no_webhook');
  await leaseAndDie();
  await payment.hear(cancelling(orderId));
  expect(await look(payment, orderId)).toMatchObject({ attempts: ['WITHDRAWING'], told: [] });
  await charge(request);
  const settled = async () => (await chargesOf(payment, [attemptId]))[0]?.status;
  await expect.poll(settled).toBe('captured');
  payment.startWorking();
  expect(await reached(orderId, 'REFUNDED')).toEqual({
    status: 'REFUNDED',
    attempts: ['CAPTURED'],
    refunds: ['SUCCEEDED'],
    told: ['payment.closed REFUNDED'],
  });
  expect(await differences()).toEqual([]);
});

test('cancelled while a call is under way that never arrives: void', async () => {
  const { orderId } = await reserve();
  await leaseAndDie();
  await payment.hear(cancelling(orderId));
  payment.startWorking();
  expect(await reached(orderId, 'VOIDED')).toMatchObject({ told: ['payment.closed VOIDED'] });
  expect(await differences()).toEqual([]);
});

test('money that comes after the end is refunded once and resurrects nothing', async () => {
  const { orderId, attemptId, request } = await reserve();
  await leaseAndDie();
  await payment.hear(expired(orderId));
  payment.startWorking();
  await reached(orderId, 'VOIDED');
  // A call that was stuck somewhere arrives at the provider after all.
  await charge(request);
  expect(await reached(orderId, 'REFUNDED')).toEqual({
    status: 'REFUNDED',
    attempts: ['CAPTURED'],
    refunds: ['SUCCEEDED'],
    told: ['payment.closed VOIDED'],
  });
  const [found] = await chargesOf(payment, [attemptId]);
  expect(found?.refundedMinor).toBe(1250);
  expect(await differences()).toEqual([]);
});

test('a process that slept through its lease does not call the provider with it', async () => {
  const { attemptId } = await reserve();
  const taken: string[] = [];
  const charging = startCharging({
    channels: payment.channels,
    logger: createLogger('payment', 'fatal'),
    async lease(max) {
      const due = await leaseAttempts(payment.sql, { max, leaseMs: 60_000 });
      await payment.sql`select pg_sleep(0.1)`;
      taken.push(...due.map(({ id }) => id));
      return due;
    },
    settle: async () => 'settled',
    note: async () => undefined,
    inFlightMax: 4,
    pollMs: 20,
    leaseUsableMs: 50,
  });
  await expect.poll(() => taken).toEqual([attemptId]);
  await charging.stop();
  expect(await chargesOf(payment, [attemptId])).toEqual([]);
});

test('while the provider is away attempts wait, and all are charged when it is back', async () => {
  const down = await startPayment({
    provider: { apiKey: 'another key, so every call is refused' },
  });
  const events = Array.from({ length: 30 }, () => reserved());
  await down.hear(...events);
  const waiting = async () => {
    const [row] = await down.sql`select sum(tries)::int as tries from payment_attempts`;
    return Number(row?.['tries']) >= 30;
  };
  await expect.poll(waiting, { timeout: 10_000 }).toBe(true);
  const statuses = await Promise.all(events.map(({ data }) => look(down, data.orderId)));
  expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set(['PENDING']));
  down.channels.set('SANDBOX', down.channelWith('another key, so every call is refused'));
  const captured = async () => {
    const [row] = await down.sql`select count(*)::int as n from payments where status = 'CAPTURED'`;
    return Number(row?.['n']);
  };
  await expect.poll(captured, { timeout: 20_000 }).toBe(30);
  expect(await breaches(down)).toEqual([]);
  await down.stop();
});
