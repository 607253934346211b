import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { signIdentity, type Identity } from '@ordergraph/platform/identity.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { startSubgraphServer, type SubgraphServer } from '@ordergraph/platform/subgraph-server.ts';
import { createMetrics } from '@ordergraph/platform/telemetry.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  cancelling,
  look,
  reserved,
  startPayment,
  type OrderInput,
  type RunningPayment,
} from '../testing/running-payment.ts';
import { createContext } from './context.ts';
import { resolvers } from './resolvers.ts';

const secret = 'an internal secret of the tests, long enough';
const alice: Identity = { subject: 'alice', role: 'customer', scopes: [] };
const bob: Identity = { subject: 'bob', role: 'customer', scopes: [] };
const staff: Identity = { subject: 'sam', role: 'staff', scopes: [] };
const nobody: Identity = { subject: null, role: 'anonymous', scopes: [] };

let payment: RunningPayment;
let server: SubgraphServer;
beforeAll(async () => {
  payment = await startPayment();
  server = await startSubgraphServer({
    name: 'payment',
    sdl: await readFile(new URL('../../../schema/payment.graphql', import.meta.url), 'utf8'),
    resolvers,
    context: createContext(payment.sql, payment.payments),
    host: '127.0.0.1',
    port: 0,
    secret,
    logger: createLogger('payment', 'fatal'),
    metrics: createMetrics('payment'),
    ready: () => payment.sql`select 1`,
  });
});
afterAll(async () => {
  await server.stop();
  await payment.stop();
});

// oxlint-disable-next-line typescript/no-explicit-any -- the data has the shape of the query
type Answer = { data: any; errors?: { extensions: { code: string } }[] };

async function ask(identity: Identity, query: string, variables: unknown) {
  const answer = await fetch(server.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-ordergraph-identity': signIdentity(identity, secret, Date.now()),
    },
    body: JSON.stringify({ query, variables }),
  });
  const parsed: Answer = JSON.parse(await answer.text());
  return parsed;
}

const paymentQuery = `query ($ids: [_Any!]!) {
  orders: _entities(representations: $ids) { ... on Order { id payment {
    id status
    amount { amount currencyCode } capturedAmount { amount currencyCode } refundedAmount { amount currencyCode }
    attempts { id channel status amount { amount } failureCode createdAt settledAt }
    refunds { status amount { amount currencyCode } reason }
  } } }
}`;

async function paymentsOf(identity: Identity, ...orderIds: string[]) {
  const ids = orderIds.map((id) => ({ __typename: 'Order', id }));
  const { data } = await ask(identity, paymentQuery, { ids });
  return data.orders.map((found: { payment: unknown }) => found.payment);
}

const payOrder = `mutation ($input: PayOrderInput!) {
  payOrder(input: $input) { order { id } replayed userErrors { code field } }
}`;

type Pay = { orderId: string; idempotencyKey?: string; token?: string };

async function pay(
  identity: Identity,
  { orderId, idempotencyKey = randomUUID(), token = 'tok_ok' }: Pay,
) {
  const input = { idempotencyKey, orderId, payment: { channel: 'SANDBOX', token } };
  const { data, errors } = await ask(identity, payOrder, { input });
  return errors?.map(({ extensions }) => extensions.code) ?? data.payOrder;
}

async function order(input: OrderInput, status: string): Promise<string> {
  const event = reserved(input);
  await payment.hear(event);
  const { orderId } = event.data;
  const isThere = async () => (await look(payment, orderId)).status === status;
  await expect.poll(isThere, { timeout: 10_000, interval: 20 }).toBe(true);
  return orderId;
}

test('a payment shows its amounts, attempts and refunds to its customer and to staff', async () => {
  const orderId = await order({}, 'CAPTURED');
  await payment.hear(cancelling(orderId));
  await expect.poll(async () => (await look(payment, orderId)).status).toBe('REFUNDED');
  const [seen] = await paymentsOf(alice, orderId);
  expect(seen).toMatchObject({
    id: expect.stringMatching(/^pay_/),
    status: 'REFUNDED',
    amount: { amount: '12.50', currencyCode: 'GBP' },
    capturedAmount: { amount: '12.50', currencyCode: 'GBP' },
    refundedAmount: { amount: '12.50', currencyCode: 'GBP' },
    attempts: [
      { channel: 'SANDBOX', status: 'CAPTURED', amount: { amount: '12.50' }, failureCode: null },
    ],
    refunds: [{ status: 'SUCCEEDED', amount: { amount: '12.50' }, reason: 'ORDER_CANCELLED' }],
  });
  expect(await paymentsOf(staff, orderId)).toEqual([seen]);
});

test("another customer's payment, an unknown order's and a tombstone's all look alike: null", async () => {
  const orderId = await order({}, 'CAPTURED');
  const tombstone = reserved().data.orderId;
  await payment.hear(cancelling(tombstone));
  expect(await paymentsOf(bob, orderId, 'ord_unknown', tombstone)).toEqual([null, null, null]);
  expect(await paymentsOf(nobody, orderId)).toEqual([null]);
  expect(await paymentsOf(alice, tombstone)).toEqual([null]);
});

test('a declined order can be paid again, and the same request again is the same attempt', async () => {
  const orderId = await order({ token: 'tok_declined' }, 'DECLINED');
  const request = { orderId, idempotencyKey: randomUUID() };
  expect(await pay(alice, request)).toEqual({
    order: { id: orderId },
    replayed: false,
    userErrors: [],
  });
  expect(await pay(alice, request)).toEqual({
    order: { id: orderId },
    replayed: true,
    userErrors: [],
  });
  await expect.poll(async () => (await look(payment, orderId)).status).toBe('CAPTURED');
  expect((await look(payment, orderId)).attempts).toEqual(['DECLINED', 'CAPTURED']);
  expect(await pay(alice, { ...request, token: 'tok_slow' })).toMatchObject({
    order: null,
    userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }],
  });
});

test('twenty requests at once under as many keys make one attempt', async () => {
  const orderId = await order({ token: 'tok_declined' }, 'DECLINED');
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => pay(alice, { orderId, token: 'tok_slow' })),
  );
  const done = answers.filter(({ userErrors }) => userErrors.length === 0);
  expect(done).toHaveLength(1);
  expect((await look(payment, orderId)).attempts).toEqual(['DECLINED', 'PENDING']);
});

test('a refused request claims no key: it may be sent again when the order allows it', async () => {
  const orderId = await order({ token: 'tok_slow' }, 'PENDING');
  const request = { orderId, idempotencyKey: randomUUID() };
  expect(await pay(alice, request)).toMatchObject({ userErrors: [{ code: 'INVALID_TRANSITION' }] });
  const keys =
    await payment.sql`select from idempotency_keys where key = ${request.idempotencyKey}`;
  expect(keys).toHaveLength(0);
});

test.each([
  ['a captured order', {}, 'CAPTURED'],
  ['a mismatched order', { token: 'tok_wrong_amount' }, 'MISMATCHED'],
  ['a pending order', { token: 'tok_late' }, 'PENDING'],
])('%s cannot be paid again', async (_title, input, status) => {
  const orderId = await order(input, status);
  expect(await pay(alice, { orderId })).toMatchObject({
    order: null,
    userErrors: [{ code: 'INVALID_TRANSITION', field: ['input', 'orderId'] }],
  });
});

test('an order whose hold has ended, or that was cancelled, cannot be paid again', async () => {
  const held = await order({ token: 'tok_declined' }, 'DECLINED');
  await payment.sql`update payments set hold_expires_at = now() where order_id = ${held}`;
  expect(await pay(alice, { orderId: held })).toMatchObject({
    userErrors: [{ code: 'INVALID_TRANSITION' }],
  });
  const cancelled = await order({ token: 'tok_declined' }, 'DECLINED');
  await payment.hear(cancelling(cancelled));
  expect(await pay(alice, { orderId: cancelled })).toMatchObject({
    userErrors: [{ code: 'INVALID_TRANSITION' }],
  });
});

test("an unknown order and somebody else's are not found, for staff too", async () => {
  const orderId = await order({ token: 'tok_declined' }, 'DECLINED');
  const notFound = { order: null, replayed: false, userErrors: [{ code: 'NOT_FOUND' }] };
  expect(await pay(bob, { orderId })).toMatchObject(notFound);
  expect(await pay(staff, { orderId })).toMatchObject(notFound);
  expect(await pay(alice, { orderId: 'ord_unknown' })).toMatchObject(notFound);
  expect(await pay(nobody, { orderId })).toEqual(['UNAUTHENTICATED']);
});

test('malformed input is refused whole', async () => {
  const orderId = await order({ token: 'tok_declined' }, 'DECLINED');
  const bad = ['BAD_USER_INPUT'];
  expect(await pay(alice, { orderId, token: '' })).toEqual(bad);
  expect(await pay(alice, { orderId, token: 'x'.repeat(256) })).toEqual(bad);
  expect(await pay(alice, { orderId, idempotencyKey: '' })).toEqual(bad);
  expect(await pay(alice, { orderId, idempotencyKey: 'x'.repeat(256) })).toEqual(bad);
  expect(await pay(alice, { orderId, idempotencyKey: 'nul\u0000' })).toEqual(bad);
  expect((await look(payment, orderId)).attempts).toEqual(['DECLINED']);
});

test('a card number is refused, is not repeated in the answer, and is written down nowhere', async () => {
  const orderId = await order({ token: 'tok_declined' }, 'DECLINED');
  const token = '4242 4242 4242 4242';
  const input = { idempotencyKey: randomUUID(), orderId, payment: { channel: 'SANDBOX', token } };
  const answer = await ask(alice, payOrder, { input });
  expect(answer.errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
  expect(JSON.stringify(answer)).not.toContain('4242');
  const tables = await payment.sql<{ name: string }[]>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`;
  const holding: string[] = [];
  for (const { name } of tables) {
    const rows = await payment.sql`
      select from ${payment.sql(name)} as row where row::text like '%4242 4242%'`;
    if (rows.length > 0) holding.push(name);
  }
  expect(tables.length).toBeGreaterThan(5);
  expect(holding).toEqual([]);
});
