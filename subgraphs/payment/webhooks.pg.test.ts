import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  attemptIdsOf,
  breaches,
  look,
  reserved,
  startPayment,
  webhookSecret,
  type RunningPayment,
} from './testing/running-payment.ts';

let payment: RunningPayment;
beforeAll(async () => {
  // Nothing calls the provider: these tests are the provider.
  payment = await startPayment({ working: false });
});
afterAll(async () => {
  await payment.stop();
});

type Charge = { attemptId: string; status?: string; amount?: number; chargeId?: string };

function eventBody({ attemptId, status = 'succeeded', amount = 1250, chargeId }: Charge): string {
  const object = {
    id: chargeId ?? `ch_${attemptId}`,
    object: 'charge',
    status,
    amount: 1250,
    amountCaptured: status === 'succeeded' ? amount : 0,
    amountRefunded: 0,
    currency: 'GBP',
    failureCode: status === 'failed' ? 'card_declined' : null,
    created: 1,
    idempotencyKey: attemptId,
    metadata: { attemptId },
  };
  const created = Math.floor(Date.now() / 1000);
  return JSON.stringify({
    id: `evt_${randomUUID()}`,
    type: `charge.${status}`,
    created,
    data: { object },
  });
}

function signature(body: string, { secret = webhookSecret, ageMs = 0 } = {}): string {
  const t = Math.floor((Date.now() - ageMs) / 1000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
}

async function deliver(body: string, header = signature(body), url = payment.webhookUrl) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sandbox-signature': header },
    body,
  });
  return { status: answer.status, answer: await answer.json() };
}

async function reserve(): Promise<{ orderId: string; attemptId: string }> {
  const event = reserved();
  await payment.hear(event);
  const { orderId } = event.data;
  const [attemptId = ''] = await attemptIdsOf(payment, orderId);
  return { orderId, attemptId };
}

async function storedEvents(body: string) {
  const { id }: { id: string } = JSON.parse(body);
  return payment.sql<{ processed: boolean; cause: string | null }[]>`
    select processed_at is not null as processed, cause from webhook_events where event_id = ${id}`;
}

const ok = { status: 200, answer: { received: true } };

test('an event delivered a hundred times at once takes effect once and is stored once', async () => {
  const { orderId, attemptId } = await reserve();
  const body = eventBody({ attemptId });
  const answers = await Promise.all(Array.from({ length: 100 }, () => deliver(body)));
  expect(answers).toEqual(Array.from({ length: 100 }, () => ok));
  expect(await look(payment, orderId)).toMatchObject({ told: ['payment.captured'] });
  expect(await storedEvents(body)).toEqual([{ processed: true, cause: null }]);
  expect(await breaches(payment)).toEqual([]);
});

test('events of many orders at once are settled each by itself', async () => {
  const orders = await Promise.all(Array.from({ length: 50 }, reserve));
  const bodies = orders.map(({ attemptId }, i) =>
    eventBody({ attemptId, status: i % 2 === 0 ? 'succeeded' : 'failed' }),
  );
  await Promise.all(bodies.map((body) => deliver(body)));
  const looks = await Promise.all(orders.map(({ orderId }) => look(payment, orderId)));
  expect(looks.map(({ status }) => status)).toEqual(
    orders.map((_, i) => (i % 2 === 0 ? 'CAPTURED' : 'DECLINED')),
  );
});

test('a failure that is told after the success changes nothing', async () => {
  const { orderId, attemptId } = await reserve();
  await deliver(eventBody({ attemptId }));
  expect(await deliver(eventBody({ attemptId, status: 'failed' }))).toEqual(ok);
  expect(await look(payment, orderId)).toMatchObject({ status: 'CAPTURED' });
});

test('a success that is told after the failure is believed', async () => {
  const { orderId, attemptId } = await reserve();
  await deliver(eventBody({ attemptId, status: 'failed' }));
  await deliver(eventBody({ attemptId }));
  expect(await look(payment, orderId)).toMatchObject({
    status: 'CAPTURED',
    told: ['payment.declined', 'payment.captured'],
  });
});

test('an event of another charge under the same attempt has no effect and says why', async () => {
  const { orderId, attemptId } = await reserve();
  await deliver(eventBody({ attemptId, status: 'failed' }));
  const body = eventBody({ attemptId, chargeId: 'ch_of_somebody_else' });
  expect(await deliver(body)).toEqual(ok);
  expect(await look(payment, orderId)).toMatchObject({ status: 'DECLINED' });
  expect(await storedEvents(body)).toEqual([{ processed: true, cause: 'OTHER_CHARGE' }]);
});

test('an event of an attempt that is not there yet is kept, and takes effect once it is', async () => {
  const { orderId, attemptId } = await reserve();
  const later = attemptId.replace(/.{4}$/, '0000');
  const body = eventBody({ attemptId: later });
  expect(await deliver(body)).toEqual(ok);
  expect(await storedEvents(body)).toEqual([{ processed: false, cause: 'UNKNOWN' }]);
  await payment.sql`update payment_attempts set id = ${later} where order_id = ${orderId}`;
  await payment.sql`update webhook_events set next_action_at = now() where processed_at is null`;
  expect(await payment.webhooks.processWaiting()).toBe(true);
  expect(await look(payment, orderId)).toMatchObject({ status: 'CAPTURED' });
  expect(await storedEvents(body)).toEqual([{ processed: true, cause: null }]);
});

test('an event of no concern is stored and done with', async () => {
  const body = JSON.stringify({ id: 'evt_other', type: 'payout.paid', data: { object: {} } });
  expect(await deliver(body)).toEqual(ok);
  expect(await storedEvents(body)).toEqual([{ processed: true, cause: 'not of concern' }]);
});

const unsigned = { status: 401, answer: { error: { code: 'UNAUTHENTICATED' } } };

test.each([
  ['no signature', () => ''],
  ['nonsense', () => 't=now,v1=zz'],
  ['a signature of another length', () => 't=1,v1=abcd'],
  ['another secret', (body: string) => signature(body, { secret: 'x'.repeat(32) })],
  ['another body', () => signature('{}')],
  ['six minutes of age', (body: string) => signature(body, { ageMs: 360_000 })],
  ['six minutes in the future', (body: string) => signature(body, { ageMs: -360_000 })],
])('%s is refused and leaves nothing', async (_title, header) => {
  const { orderId, attemptId } = await reserve();
  const body = eventBody({ attemptId });
  expect(await deliver(body, header(body))).toMatchObject(unsigned);
  expect(await storedEvents(body)).toEqual([]);
  expect(await look(payment, orderId)).toMatchObject({ status: 'PENDING' });
});

test('four minutes of age are within the tolerance', async () => {
  const { attemptId } = await reserve();
  const body = eventBody({ attemptId });
  expect(await deliver(body, signature(body, { ageMs: 240_000 }))).toEqual(ok);
});

test('a signature is over the bytes: one changed space is a forgery', async () => {
  const { attemptId } = await reserve();
  const body = eventBody({ attemptId });
  expect(await deliver(body.replace('{', '{ '), signature(body))).toMatchObject(unsigned);
});

test.each([
  'not json',
  '{}',
  '[]',
  '',
  '{"id":"evt_1","type":"charge.succeeded","data":{"object":{}}}',
  String.raw`{"id":"evt\u0000","type":"dispute.created","data":{"object":{}}}`,
  String.raw`{"id":"evt\ud83d","type":"dispute.created","data":{"object":{}}}`,
  String.raw`{"id":"evt_1","type":"dispute\u0000","data":{"object":{}}}`,
  eventBody({ attemptId: 'att_\u0000' }),
])('a signed body of %j is a bad request', async (body) => {
  expect(await deliver(body)).toMatchObject({
    status: 400,
    answer: { error: { code: 'BAD_REQUEST' } },
  });
});

test('an unknown channel is not found', async () => {
  expect(await deliver('{}', '', `${payment.url}/webhooks/paypal`)).toMatchObject({
    status: 404,
    answer: { error: { code: 'NOT_FOUND' } },
  });
});

test('a body above 256 kB is refused', async () => {
  expect(await deliver('x'.repeat(256 * 1024 + 1))).toMatchObject({
    status: 413,
    answer: { error: { code: 'BAD_REQUEST' } },
  });
});

test('what cannot be stored is not acknowledged, and succeeds when delivered again', async () => {
  const { orderId, attemptId } = await reserve();
  const body = eventBody({ attemptId });
  await payment.sql`alter table webhook_events rename to webhook_events_away`;
  expect(await deliver(body)).toMatchObject({ status: 503 });
  await payment.sql`alter table webhook_events_away rename to webhook_events`;
  expect(await deliver(body)).toEqual(ok);
  expect(await look(payment, orderId)).toMatchObject({ status: 'CAPTURED' });
});

test('an event whose effect fails is stored with the cause, and takes effect later', async () => {
  const { orderId, attemptId } = await reserve();
  const body = eventBody({ attemptId });
  await payment.sql`alter table ledger_entries rename to ledger_entries_away`;
  expect(await deliver(body)).toEqual(ok);
  expect(await storedEvents(body)).toMatchObject([{ processed: false }]);
  await payment.sql`alter table ledger_entries_away rename to ledger_entries`;
  await payment.sql`update webhook_events set next_action_at = now() where processed_at is null`;
  expect(await payment.webhooks.processWaiting()).toBe(true);
  expect(await look(payment, orderId)).toMatchObject({ status: 'CAPTURED' });
});
