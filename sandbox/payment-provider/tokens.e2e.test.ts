import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import type { Charge } from './domain.ts';
import { verifyWebhook } from './signature.ts';
import { startProvider, webhookSecret, type Page } from './testing/provider-client.ts';
import { startWebhookReceiver } from './testing/webhook-receiver.ts';

test('tok_ok: succeeds, and one signed webhook tells', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const { body } = await provider.charge('tok_ok', { amount: 1299 });
  const [webhook] = await eventually(() => {
    expect(receiver.received).toHaveLength(1);
    return receiver.received;
  });
  expect(webhook?.event).toMatchObject({
    type: 'charge.succeeded',
    data: { object: { id: body.id, amountCaptured: 1299 } },
  });
  expect(webhook?.event.data.object).toEqual(await provider.getCharge(body.id));
  const check = { header: webhook?.signature, body: webhook?.body ?? '', secret: webhookSecret };
  expect(verifyWebhook({ ...check, nowSeconds: Date.now() / 1000, toleranceSeconds: 10 })).toBe(
    true,
  );
});

test('tok_declined: fails with a reason, and says so', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const { body } = await provider.charge('tok_declined');
  expect(body).toMatchObject({ status: 'pending', failureCode: null });
  await eventually(() => expect(receiver.received).toHaveLength(1));
  expect(receiver.received[0]?.event).toMatchObject({
    type: 'charge.failed',
    data: {
      object: { id: body.id, status: 'failed', failureCode: 'card_declined', amountCaptured: 0 },
    },
  });
});

test('tok_declined_once: declines the first charge of an order and takes the later ones', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const statuses = async (orderId: string) => {
    const { body } = await provider.charge('tok_declined_once', { metadata: { orderId } });
    await eventually(() => expect(receiver.about(body.id)).toHaveLength(1));
    return (await provider.getCharge(body.id)).status;
  };
  expect(await statuses('ord_1')).toBe('failed');
  expect(await statuses('ord_1')).toBe('succeeded');
  expect(await statuses('ord_1')).toBe('succeeded');
  expect(await statuses('ord_2')).toBe('failed');
});

test('tok_slow: stays pending, then succeeds', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url, slowMs: 600 });
  const startedMs = Date.now();
  const slow = await provider.charge('tok_slow');
  const quick = await provider.charge('tok_ok');
  await eventually(() => expect(receiver.about(quick.body.id)).toHaveLength(1));
  expect(receiver.about(slow.body.id)).toHaveLength(0);
  await eventually(() => expect(receiver.about(slow.body.id)).toHaveLength(1));
  expect(Date.now() - startedMs).toBeGreaterThanOrEqual(590);
  expect(await provider.getCharge(slow.body.id)).toMatchObject({ status: 'succeeded' });
});

test('tok_timeout: never answers, settles all the same, and a retry finds the charge', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const metadata = { orderId: 'ord_1' };
  const unanswered = provider.charge('tok_timeout', {
    key: 'key-1',
    metadata,
    signal: AbortSignal.timeout(300),
  });
  await expect(unanswered).rejects.toThrow(/timeout/i);
  const retry = await provider.charge('tok_timeout', { key: 'key-1', metadata });
  expect(retry).toMatchObject({ status: 200, body: { idempotencyKey: 'key-1' } });
  await eventually(() => expect(receiver.received).toHaveLength(1));
  expect(receiver.received[0]?.event).toMatchObject({
    type: 'charge.succeeded',
    data: { object: { id: retry.body.id } },
  });
});

test('tok_timeout: a provider with unanswered requests still stops at once', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const unanswered = provider
    .charge('tok_timeout', { key: 'key-1' })
    .catch((error: unknown) => error);
  await eventually(async () => {
    const { body } = await provider.call<Page<Charge>>('GET', '/v1/charges');
    expect(body.data).toHaveLength(1);
  });
  await provider.stop();
  expect(await unanswered).toBeInstanceOf(Error);
});

test('tok_error_then_ok: answers 500, yet charged; a retry with the key tells', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const metadata = { orderId: 'ord_1' };
  const failed = await provider.charge('tok_error_then_ok', { key: 'key-1', metadata });
  expect(failed).toMatchObject({ status: 500, body: { error: { code: 'internal_error' } } });
  await eventually(() => expect(receiver.received).toHaveLength(1));
  const retry = await provider.charge('tok_error_then_ok', { key: 'key-1', metadata });
  expect(retry).toMatchObject({ status: 200, body: { status: 'succeeded', amountCaptured: 1000 } });
  expect(receiver.about(retry.body.id)).toHaveLength(1);
});

test('tok_duplicate_webhook: the same event comes three times, two of them at once', async () => {
  const receiver = await startWebhookReceiver((_webhook, response) => {
    setTimeout(() => response.writeHead(200).end(), 30);
  });
  const provider = await startProvider({ webhookUrl: receiver.url });
  const { body } = await provider.charge('tok_duplicate_webhook');
  await eventually(() => expect(receiver.received).toHaveLength(3));
  expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(1);
  expect(Math.max(...receiver.received.map(({ openAtOnce }) => openAtOnce))).toBeGreaterThanOrEqual(
    2,
  );
  expect(await provider.getCharge(body.id)).toMatchObject({
    status: 'succeeded',
    amountCaptured: 1000,
  });
});

test('tok_no_webhook: settles and refunds but never tells; its events can still be sent by hand', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const { body } = await provider.charge('tok_no_webhook');
  await eventually(async () =>
    expect(await provider.getCharge(body.id)).toMatchObject({ status: 'succeeded' }),
  );
  await provider.refund(body.id, 400);
  await eventually(async () =>
    expect(await provider.getCharge(body.id)).toMatchObject({ amountRefunded: 400 }),
  );
  const other = await provider.charge('tok_ok');
  await eventually(() => expect(receiver.about(other.body.id)).toHaveLength(1));
  expect(receiver.about(body.id)).toHaveLength(0);

  const { body: events } = await provider.call<{ data: { id: string; state: string }[] }>(
    'GET',
    '/sandbox/events',
  );
  const withheld = events.data.filter(({ state }) => state === 'withheld');
  expect(withheld).toHaveLength(2);
  await provider.call('POST', `/sandbox/redeliver/${withheld[1]?.id}`);
  await eventually(() => expect(receiver.about(body.id)).toHaveLength(1));
});

test('tok_wrong_amount: captures one minor unit less and says so', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const { body } = await provider.charge('tok_wrong_amount', { amount: 1299 });
  await eventually(() => expect(receiver.received).toHaveLength(1));
  expect(receiver.received[0]?.event.data.object).toMatchObject({
    id: body.id,
    amount: 1299,
    amountCaptured: 1298,
  });
  expect(await provider.refund(body.id, 1299)).toMatchObject({
    status: 409,
    body: { error: { code: 'refund_exceeds_charge' } },
  });
});

test('tok_late: succeeds after lateMs and not before', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url, lateMs: 300 });
  const startedMs = Date.now();
  const { body } = await provider.charge('tok_late');
  await eventually(() => expect(receiver.about(body.id)).toHaveLength(1));
  expect((receiver.received[0]?.receivedMs ?? 0) - startedMs).toBeGreaterThanOrEqual(290);
});
