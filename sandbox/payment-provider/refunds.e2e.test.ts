import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import type { Refund } from './domain.ts';
import { startProvider, type Page, type ProviderClient } from './testing/provider-client.ts';
import { startWebhookReceiver, type WebhookReceiver } from './testing/webhook-receiver.ts';

async function paidCharge(
  provider: ProviderClient,
  receiver: WebhookReceiver,
  amount = 1000,
): Promise<string> {
  const { body } = await provider.charge('tok_ok', { amount });
  await eventually(() => expect(receiver.about(body.id)).toHaveLength(1));
  return body.id;
}

test('a refund is pending, then paid out, and a webhook tells', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const charge = await paidCharge(provider, receiver);
  const { status, body } = await provider.refund(charge, 400, 'refund-1');
  expect(status).toBe(201);
  expect(body).toMatchObject({
    object: 'refund',
    charge,
    status: 'pending',
    amount: 400,
    currency: 'GBP',
    idempotencyKey: 'refund-1',
  });
  await eventually(() => expect(receiver.about(charge)).toHaveLength(2));
  expect(receiver.about(charge)[1]?.event).toMatchObject({
    type: 'refund.succeeded',
    data: { object: { id: body.id, status: 'succeeded' } },
  });
  expect(await provider.getCharge(charge)).toMatchObject({
    amountRefunded: 400,
    refunds: [{ id: body.id, status: 'succeeded' }],
  });
  expect((await provider.call('GET', `/v1/refunds/${body.id}`)).body).toMatchObject({
    status: 'succeeded',
  });
});

test('one key refunds once, and with another request it is refused', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const charge = await paidCharge(provider, receiver);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => provider.refund(charge, 100, 'refund-1')),
  );
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  expect(
    answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true'),
  ).toHaveLength(9);
  expect(await provider.refund(charge, 101, 'refund-1')).toMatchObject({
    status: 409,
    body: { error: { code: 'idempotency_key_reused' } },
  });
  const found = await provider.call<Page<Refund>>('GET', '/v1/refunds?idempotencyKey=refund-1');
  expect(found.body.data).toHaveLength(1);
  expect((await provider.getCharge(charge)).refunds).toHaveLength(1);
});

test('refunds asked for all at once never take more than was captured', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const charge = await paidCharge(provider, receiver, 1000);
  const answers = await Promise.all(Array.from({ length: 20 }, () => provider.refund(charge, 300)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
  expect(
    new Set(answers.filter(({ status }) => status !== 201).map(({ body }) => body.error.code)),
  ).toEqual(new Set(['refund_exceeds_charge']));
  await eventually(async () => expect((await provider.getCharge(charge)).amountRefunded).toBe(900));
  expect(await provider.refund(charge, 100)).toMatchObject({ status: 201 });
  expect(await provider.refund(charge, 1)).toMatchObject({ status: 409 });
});

test('a charge that is pending, declined or unknown has nothing to refund', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url, slowMs: 60_000 });
  const pending = await provider.charge('tok_slow');
  const declined = await provider.charge('tok_declined');
  await eventually(() => expect(receiver.about(declined.body.id)).toHaveLength(1));
  expect(await provider.refund(pending.body.id, 1)).toMatchObject({
    status: 409,
    body: { error: { code: 'refund_exceeds_charge' } },
  });
  expect(await provider.refund(declined.body.id, 1)).toMatchObject({ status: 409 });
  expect(await provider.refund('ch_absent', 1)).toMatchObject({
    status: 404,
    body: { error: { code: 'not_found' } },
  });
});

test('the settlement file of the day has every capture and refund, and its totals are their sums', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const first = await paidCharge(provider, receiver, 1000);
  const second = await paidCharge(provider, receiver, 2500);
  await provider.charge('tok_declined');
  const { body: refund } = await provider.refund(first, 400);
  const today = new Date().toISOString().slice(0, 10);
  const csv = await eventually(async () => {
    const { body, headers } = await provider.call<string>('GET', `/v1/settlements/${today}.csv`);
    expect(headers.get('content-type')).toContain('text/csv');
    expect(body).toContain(refund.id);
    return body;
  });
  const rows = csv
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));
  expect(rows.map((row) => [row[0], row[1], ...row.slice(7)])).toEqual([
    ['type', 'id', 'gross', 'fee', 'net'],
    ['charge', first, '1000', '35', '965'],
    ['charge', second, '2500', '58', '2442'],
    ['refund', refund.id, '-400', '0', '-400'],
    ['total', '', '3100', '93', '3007'],
  ]);
  const json = await provider.call<{ complete: boolean; rows: unknown[] }>(
    'GET',
    `/v1/settlements/${today}.json`,
  );
  expect(json.body.rows).toHaveLength(3);
  const past = await provider.call<{ complete: boolean; rows: unknown[] }>(
    'GET',
    '/v1/settlements/2020-02-29.json',
  );
  expect(past.body).toMatchObject({ complete: true, rows: [] });
});
