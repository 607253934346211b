import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startProvider } from './testing/provider-client.ts';
import { startWebhookReceiver, type ReceivedWebhook } from './testing/webhook-receiver.ts';

type Listed = {
  readonly data: readonly { readonly id: string; readonly state: string; readonly type: string }[];
};

test('a webhook that is not taken comes again with the same event until it is', async () => {
  let refusals = 0;
  const receiver = await startWebhookReceiver((_webhook, response) => {
    refusals += 1;
    response.writeHead([500, 302, 404][refusals - 1] ?? 200).end();
  });
  const provider = await startProvider({ webhookUrl: receiver.url });
  await provider.charge('tok_ok');
  await eventually(async () => {
    const { body } = await provider.call<Listed>('GET', '/sandbox/events');
    expect(body.data).toMatchObject([{ state: 'delivered' }]);
  });
  expect(receiver.received).toHaveLength(4);
  expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
});

test('a retry carries a fresh signature', async () => {
  const receiver = await startWebhookReceiver((webhook, response) => {
    response.writeHead(receiver.received[0] === webhook ? 503 : 200).end();
  });
  const provider = await startProvider({ webhookUrl: receiver.url, webhookRetryMs: [1010] });
  await provider.charge('tok_ok');
  await eventually(() => expect(receiver.received).toHaveLength(2));
  const [first, second] = receiver.received.map(({ signature }) =>
    Number(/^t=(\d+),/.exec(signature)?.[1]),
  );
  expect(second).toBeGreaterThan(first ?? Number.NaN);
});

test('a receiver that hangs is given up on and asked again', async () => {
  const receiver = await startWebhookReceiver((webhook, response) => {
    if (receiver.received[0] !== webhook) response.writeHead(200).end();
  });
  const provider = await startProvider({ webhookUrl: receiver.url, webhookTimeoutMs: 100 });
  await provider.charge('tok_ok');
  await eventually(() => expect(receiver.received).toHaveLength(2));
});

test('a receiver that is not there yet gets its webhooks when it comes', async () => {
  const placeholder = await startProvider({ webhookUrl: 'http://127.0.0.1:1/' });
  const port = Number(new URL(placeholder.url).port);
  await placeholder.stop();
  const provider = await startProvider({
    webhookUrl: `http://127.0.0.1:${port}/webhooks/sandbox`,
    webhookRetryMs: Array.from({ length: 300 }, () => 20),
  });
  const { body } = await provider.charge('tok_ok');
  await eventually(async () =>
    expect(await provider.getCharge(body.id)).toMatchObject({ status: 'succeeded' }),
  );
  const receiver = await startWebhookReceiver(undefined, port);
  await eventually(() => expect(receiver.about(body.id)).toHaveLength(1));
});

test('after the last retry an event is abandoned, said so, and can be sent by hand', async () => {
  let works = false;
  const receiver = await startWebhookReceiver(
    (_webhook, response) => void response.writeHead(works ? 200 : 500).end(),
  );
  const said: string[] = [];
  const provider = await startProvider({
    webhookUrl: receiver.url,
    webhookRetryMs: [5, 5],
    log: (line) => said.push(line),
  });
  await provider.charge('tok_ok');
  const { body } = await eventually(async () => {
    const events = await provider.call<Listed>('GET', '/sandbox/events');
    expect(events.body.data).toMatchObject([{ state: 'abandoned' }]);
    return events;
  });
  expect(receiver.received).toHaveLength(3);
  expect(said).toEqual([expect.stringContaining('abandoned after 3 attempts')]);
  works = true;
  await provider.call('POST', `/sandbox/redeliver/${body.data[0]?.id}`);
  await eventually(() => expect(receiver.received).toHaveLength(4));
});

test('an event can be sent a hundredfold, and older ones after newer ones', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url });
  const { body: charge } = await provider.charge('tok_ok');
  await eventually(() => expect(receiver.received).toHaveLength(1));
  await provider.refund(charge.id, 1);
  await eventually(() => expect(receiver.received).toHaveLength(2));
  const older = receiver.received[0]?.event.id;
  const answer = await provider.call('POST', `/sandbox/redeliver/${older}?times=100`);
  expect(answer).toMatchObject({ status: 202, body: { id: older, times: 100 } });
  await eventually(() => expect(receiver.received).toHaveLength(102));
  const last = receiver.received.slice(2);
  expect(last.every(({ body }) => body === receiver.received[0]?.body)).toBe(true);
  expect(await provider.getCharge(charge.id)).toMatchObject({
    amountCaptured: 1000,
    amountRefunded: 1,
  });
});

test('no more than 32 webhooks are under way at once, and none is forgotten', async () => {
  const receiver = await startWebhookReceiver((_webhook, response) => {
    setTimeout(() => response.writeHead(200).end(), 20);
  });
  const provider = await startProvider({ webhookUrl: receiver.url });
  const charges = await Promise.all(Array.from({ length: 200 }, () => provider.charge('tok_ok')));
  await eventually(() => expect(receiver.received).toHaveLength(200));
  expect(
    Math.max(...receiver.received.map((webhook: ReceivedWebhook) => webhook.openAtOnce)),
  ).toBeLessThanOrEqual(32);
  expect(new Set(receiver.received.map(({ event }) => event.data.object.id))).toEqual(
    new Set(charges.map(({ body }) => body.id)),
  );
});

test('with no delay a webhook may come before its own answer, and both tell of one charge', async () => {
  const receiver = await startWebhookReceiver();
  const provider = await startProvider({ webhookUrl: receiver.url, webhookDelayMs: 0 });
  const { body } = await provider.charge('tok_ok');
  await eventually(() => expect(receiver.about(body.id)).toHaveLength(1));
});
