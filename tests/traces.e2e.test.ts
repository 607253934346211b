/** One request's trace through all services, and what logs and traces never hold, whatever is asked and goes wrong. */
import { randomUUID } from 'node:crypto';
import { openDatabase } from '@ordergraph/platform/database.ts';
import { startCollector, type Collector } from '@ordergraph/router/test/collector.ts';
import { offenceIn } from '@ordergraph/scripts/invariants/card-numbers.ts';
import { loadSecrets } from '@ordergraph/scripts/secrets.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { postGraphql } from './graphql-over-http.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { placeOrderInput, type Storefront } from './storefront.ts';

let collector: Collector;
const lines: string[] = [];
beforeAll(async () => {
  collector = await startCollector();
});
const shop = shopUnderTest(() => ({
  variables: {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: '1',
    // So that what a caller says of its address is believed.
    TRUSTED_PROXIES: '127.0.0.1',
  },
  logLevel: 'trace',
  logTo: { write: (line: string) => void lines.push(line) },
}));
afterAll(() => collector.stop());

const patience = { timeout: 20_000, interval: 50 };

const place = `mutation PlaceTraced($input: PlaceOrderInput!) {
  placeOrder(input: $input) { order { id } userErrors { code } }
}`;

type Told = { readonly type: string; readonly traceparent: string; readonly correlation: string };

/** What a service has told of an order, as its outbox has it. */
async function eventsAbout(orderId: string, service: 'order' | 'inventory' | 'payment') {
  const sql = openDatabase(shop.system.databaseUrls[service], { poolMax: 1, name: 'test' });
  try {
    return await sql<Told[]>`
      select type, envelope ->> 'traceparent' as traceparent,
        envelope ->> 'correlationid' as correlation
      from outbox where subject = ${orderId} order by position`;
  } finally {
    await sql.end();
  }
}

test('an order that was placed in a trace stays in it, through every event of every service that follows', async () => {
  await shop.stockroom.offer({ sku: 'TRACED', quantity: 5 });
  const alice = await shop.open({ subject: 'alice' });
  const traceId = randomUUID().replaceAll('-', '');
  const order = placeOrderInput({ lines: [{ sku: 'TRACED', quantity: 1 }] });
  const answer = await postGraphql(
    alice.url,
    { query: place, variables: { input: { idempotencyKey: randomUUID(), ...order } } },
    { ...alice.headers, traceparent: `00-${traceId}-${'b'.repeat(16)}-01` },
  );
  const orderId = orderIdIn(answer.text);
  await vi.waitFor(
    async () => expect(await alice.order(orderId)).toMatchObject({ status: 'CONFIRMED' }),
    patience,
  );
  const told = {
    order: await eventsAbout(orderId, 'order'),
    inventory: await eventsAbout(orderId, 'inventory'),
    payment: await eventsAbout(orderId, 'payment'),
  };
  expect(told.order.map(({ type }) => type)).toEqual([
    'order.placed',
    'order.reserved',
    'order.confirmed',
  ]);
  expect(told.inventory.map(({ type }) => type)).toContain('stock.held');
  expect(told.payment.map(({ type }) => type)).toEqual(['payment.captured']);
  const fetched = () =>
    collector.spans.find((span) => span.traceId === traceId && span.name === 'fetch order');
  await vi.waitFor(() => expect(fetched()).toBeDefined(), patience);
  for (const { traceparent, correlation } of Object.values(told).flat()) {
    // What follows from the call is below the call's own span.
    expect(traceparent).toBe(`00-${traceId}-${fetched()?.spanId}-01`);
    expect(correlation).toBe(traceId);
  }
});

test('21: whoever asks, whatever for, and whatever goes wrong: nobody is named and nothing secret is told in logs or traces', async () => {
  await shop.stockroom.offer({ sku: 'PRIVATE', quantity: 50 });
  const planted = {
    subject: 'planted-subject',
    email: 'planted@shop.example',
    name: 'Planted Name',
    line1: '7 Planted Street',
    phone: '+44 20 7946 0958',
    postalCode: 'PL4 7ED',
    card: '4242 4242 4242 4242',
    text: 'planted in a document',
    forged: 'planted-token',
    address: '203.0.113.77',
  };
  const caller = await shop.open({ subject: planted.subject });
  const authorization = String(caller.headers['authorization']);
  const lines0 = lines.length;
  const requests0 = collector.requests.length;
  await everything(caller, planted);

  const last = await caller.run({ query: 'query TheLast { orders { nodes { id } } }' });
  expect(last.errors).toEqual([]);
  const spans = () => collector.spans.map(({ name }) => name);
  await vi.waitFor(() => expect(spans()).toContain('query TheLast'), patience);
  const { internalSecret, sandboxApiKey, sandboxWebhookSecret } = await loadSecrets(
    shop.system.dataDir,
  );
  const secrets = [
    ...Object.values(planted),
    ...authorization.replace('Bearer ', '').split('.'),
    internalSecret,
    sandboxApiKey,
    sandboxWebhookSecret,
    'tok_ok',
    'tok_declined',
  ];
  const told = {
    logs: lines.slice(lines0),
    // Times are digits often enough to fit by chance.
    traces: collector.requests
      .slice(requests0)
      .map(({ body }) => body.replaceAll(/"\w+TimeUnixNano":"\d+"/g, '')),
  };
  // That is, there was something to look at, and the look would have found it.
  for (const name of ['PlaceTraced', 'WatchPlanted', 'TheLast']) {
    expect(told.logs.join('\n')).toContain(name);
    expect(told.traces.join('\n')).toContain(name);
  }
  expect(offenceIn(`${told.logs.join()}${planted.email}`, secrets)).toBe('a secret');
  const offending = [...told.logs, ...told.traces].flatMap((text) => {
    const found = secrets.find((secret) => text.includes(secret)) ?? offenceIn(text, []);
    return found === undefined ? [] : [{ found, text }];
  });
  expect(offending).toEqual([]);
});

type Planted = Readonly<
  Record<
    'email' | 'name' | 'line1' | 'phone' | 'postalCode' | 'card' | 'text' | 'forged' | 'address',
    string
  >
>;

/** Orders and streams with personal data in them, refusals of all kinds, and a service that is away. */
async function everything(caller: Storefront, planted: Planted): Promise<void> {
  const { email, name, line1, phone, postalCode, card, text, forged, address } = planted;
  const shippingAddress = {
    name,
    line1,
    phone,
    email,
    postalCode,
    city: 'York',
    countryCode: 'GB',
  };
  const headers: Record<string, string> = { ...caller.headers, 'x-forwarded-for': address };
  const ask = (query: string, variables: Record<string, unknown> = {}, more = headers) =>
    postGraphql(caller.url, { query, variables }, more);
  const order = (change: object = {}) => ({
    input: {
      ...placeOrderInput({ lines: [{ sku: 'PRIVATE', quantity: 1 }] }),
      idempotencyKey: randomUUID(),
      shippingAddress,
      ...change,
    },
  });
  const placed = orderIdIn((await ask(place, order())).text);
  await ask(place, order({ payment: { channel: 'SANDBOX', token: 'tok_declined' } }));
  const watch = caller.watch(placed);
  await watch.until(({ status }) => status === 'CONFIRMED');
  watch.stop();
  const literal = await ask(
    `subscription WatchPlanted { orderStatusChanged(orderId: "${text}") { status } }`,
  );
  expect(literal.status).toBe(400);
  await ask(`query WithLiteral { order(id: "${text}") { id payment { status } } }`);
  await ask(place, order({ payment: { channel: 'SANDBOX', token: card } }));
  await ask(place, order({ shippingAddress: { ...shippingAddress, city: `${email}\u0000` } }));
  await ask(place, { input: { planted: email, ...shippingAddress } });
  await ask(`query Wrong { planted_field }`);
  await ask(
    '{ products { nodes { sku } } }',
    {},
    { ...headers, authorization: `Bearer ${forged}` },
  );
  await ask('{ products { nodes { sku } } }', {}, { ...headers, 'x-api-key': forged });
  await postGraphql(caller.url, `{"query": "${email}`, headers);
  await vi.waitFor(async () => {
    const mails = shop.system.mails.mails().filter(({ to }) => to.includes(email));
    expect(mails.length).toBeGreaterThan(0);
  }, patience);
  await shop.system.services.payment.stop();
  const broken = await ask('query Away($id: ID!) { order(id: $id) { id payment { status } } }', {
    id: placed,
  });
  expect(broken.text).toContain('SERVICE_UNAVAILABLE');
  await shop.system.services.payment.start();
}

function orderIdIn(text: string): string {
  const id = /"order":\{"id":"([^"]+)"/.exec(text)?.[1];
  if (id === undefined) throw new Error(`no order was placed: ${text}`);
  return id;
}
