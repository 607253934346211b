import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import type { Charge } from './domain.ts';
import { chargeBody, startProvider, type Failure, type Page } from './testing/provider-client.ts';
import { startWebhookReceiver } from './testing/webhook-receiver.ts';

test('a charge is answered as pending with everything that was asked for', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url, webhookDelayMs: 60_000 });
  const { status, body } = await provider.charge('tok_ok', {
    amount: 1299,
    key: 'key-1',
    metadata: { orderId: 'ord_1', attemptId: '7' },
  });
  expect(status).toBe(201);
  expect(body).toEqual({
    id: expect.stringMatching(/^ch_[0-9a-f]{32}$/),
    object: 'charge',
    status: 'pending',
    amount: 1299,
    amountCaptured: 0,
    amountRefunded: 0,
    currency: 'GBP',
    failureCode: null,
    source: 'tok_ok',
    metadata: { orderId: 'ord_1', attemptId: '7' },
    created: expect.closeTo(Date.now() / 1000, -1),
    settled: null,
    idempotencyKey: 'key-1',
    refunds: [],
  });
  expect(await provider.getCharge(body.id)).toEqual(body);
});

test('one key makes one charge, however many ask at once, and later answers show its present state', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const metadata = { orderId: 'ord_1' };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => provider.charge('tok_ok', { key: 'key-1', metadata })),
  );
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(
    answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true'),
  ).toHaveLength(19);

  await eventually(() => expect(receiver.received).toHaveLength(1));
  const replay = await provider.charge('tok_ok', { key: 'key-1', metadata });
  expect(replay).toMatchObject({
    status: 200,
    body: { status: 'succeeded', amountCaptured: 1000 },
  });
  const journal = await provider.call<Page<Charge>>('GET', '/v1/charges');
  expect(journal.body.data).toHaveLength(1);
});

test('one key with another request is refused and changes nothing', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const metadata = { orderId: 'ord_1' };
  await provider.charge('tok_ok', { key: 'key-1', metadata });
  for (const other of [
    { ...chargeBody('tok_ok', 1001, metadata) },
    { ...chargeBody('tok_ok', 1000, metadata), currency: 'EUR' },
    { ...chargeBody('tok_slow', 1000, metadata) },
    { ...chargeBody('tok_ok', 1000, { ...metadata, attemptId: '2' }) },
  ]) {
    const answer = await provider.call<Failure>('POST', '/v1/charges', {
      key: 'key-1',
      body: other,
    });
    expect(answer).toMatchObject({
      status: 409,
      body: { error: { code: 'idempotency_key_reused' } },
    });
  }
  const journal = await provider.call<Page<Charge>>('GET', '/v1/charges');
  expect(journal.body.data).toHaveLength(1);
});

test('the order of members does not make another request', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  await provider.call('POST', '/v1/charges', {
    key: 'k',
    body: '{"amount":5,"currency":"GBP","source":"tok_ok","metadata":{"a":"1","b":"2"}}',
  });
  const again = {
    key: 'k',
    body: '{"metadata":{"b":"2","a":"1"},"source":"tok_ok","currency":"GBP","amount":5}',
  };
  expect(await provider.call('POST', '/v1/charges', again)).toMatchObject({ status: 200 });
});

test('a charge can be found by its key, and an unused key finds nothing', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const { body } = await provider.charge('tok_ok', { key: 'key 1'.replace(' ', '/') });
  const found = await provider.call<Page<Charge>>(
    'GET',
    `/v1/charges?idempotencyKey=${encodeURIComponent('key/1')}`,
  );
  expect(found.body.data.map(({ id }) => id)).toEqual([body.id]);
  const absent = await provider.call<Page<Charge>>('GET', '/v1/charges?idempotencyKey=unused');
  expect(absent).toMatchObject({ status: 200, body: { data: [], hasMore: false } });
});

test('the journal is paged in order of creation, every charge once', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const created: string[] = [];
  for (let index = 0; index < 25; index += 1)
    created.push((await provider.charge('tok_ok')).body.id);
  const listed: string[] = [];
  let after: string | null = null;
  do {
    const cursor: string = after === null ? '' : `&after=${after}`;
    const { body } = await provider.call<Page<Charge>>('GET', `/v1/charges?limit=10${cursor}`);
    listed.push(...body.data.map(({ id }) => id));
    after = body.nextAfter;
    expect(body.hasMore).toBe(after !== null);
  } while (after !== null);
  expect(listed).toEqual(created);
});

test('a pending charge that is canceled never succeeds', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url, slowMs: 500 });
  const { body } = await provider.charge('tok_slow');
  const [first, second] = await Promise.all([
    provider.call<Charge>('POST', `/v1/charges/${body.id}/cancel`),
    provider.call<Charge>('POST', `/v1/charges/${body.id}/cancel`),
  ]);
  expect([first.status, second.status, first.body.status]).toEqual([200, 200, 'canceled']);
  const later = await provider.charge('tok_slow');
  await eventually(() => expect(receiver.about(later.body.id)).toHaveLength(1));
  expect(receiver.about(body.id).map(({ event }) => event.type)).toEqual(['charge.canceled']);
  expect(await provider.getCharge(body.id)).toMatchObject({
    status: 'canceled',
    amountCaptured: 0,
  });
});

test('a charge that succeeded cannot be canceled, a declined one may be', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const good = await provider.charge('tok_ok');
  const bad = await provider.charge('tok_declined');
  await eventually(() => expect(receiver.received).toHaveLength(2));
  expect(await provider.call('POST', `/v1/charges/${good.body.id}/cancel`)).toMatchObject({
    status: 409,
    body: { error: { code: 'charge_already_succeeded' } },
  });
  expect(await provider.call('POST', `/v1/charges/${bad.body.id}/cancel`)).toMatchObject({
    status: 200,
    body: { status: 'failed' },
  });
  expect(await provider.call('POST', '/v1/charges/ch_absent/cancel')).toMatchObject({
    status: 404,
  });
});

test('every refusal is JSON with a status, a code and the parameter', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const key = randomUUID();
  const big = JSON.stringify({ ...chargeBody('tok_ok'), metadata: { a: 'x'.repeat(70_000) } });
  const refusals: readonly [string, string, { key?: string; body?: unknown }, number, string][] = [
    ['POST', '/v1/charges', { body: chargeBody('tok_ok') }, 400, 'idempotency_key_required'],
    ['POST', '/v1/charges', { key, body: '{' }, 400, 'invalid_json'],
    ['POST', '/v1/charges', { key, body: chargeBody('tok_unheard_of') }, 400, 'invalid_source'],
    ['POST', '/v1/charges', { key, body: big }, 413, 'body_too_large'],
    ['GET', '/v1/charges?limit=0', {}, 400, 'invalid_request'],
    ['GET', '/v1/charges?limit=1001', {}, 400, 'invalid_request'],
    ['GET', '/v1/charges?after=ch_absent', {}, 400, 'invalid_cursor'],
    ['GET', '/v1/charges/ch_absent', {}, 404, 'not_found'],
    ['GET', '/v1/refunds/re_absent', {}, 404, 'not_found'],
    ['GET', '/v1/settlements/2026-02-30.csv', {}, 400, 'invalid_date'],
    ['GET', '/v1/settlements/yesterday.json', {}, 400, 'invalid_date'],
    ['POST', '/sandbox/redeliver/evt_absent', {}, 404, 'not_found'],
    ['GET', '/v1/nothing', {}, 404, 'not_found'],
    ['DELETE', '/v1/charges', {}, 405, 'method_not_allowed'],
  ];
  for (const [method, path, options, status, code] of refusals) {
    expect(await provider.call(method, path, options), `${method} ${path}`).toMatchObject({
      status,
      body: { error: { code } },
    });
  }
});

test('nothing but the health check answers without the key', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  for (const path of [
    '/v1/charges',
    '/v1/settlements/2026-01-31.csv',
    '/sandbox/events',
    '/nothing',
  ]) {
    const bare = await fetch(provider.url + path);
    const wrong = await fetch(provider.url + path, {
      headers: { authorization: 'Bearer sk_test_sandboy' },
    });
    expect([bare.status, wrong.status]).toEqual([401, 401]);
  }
  expect((await fetch(`${provider.url}/health`)).status).toBe(200);
});

test('a second provider on the same port fails instead of half starting', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const port = Number(new URL(provider.url).port);
  await expect(startProvider({ webhookUrl: receiver.url, port })).rejects.toThrow('EADDRINUSE');
});
