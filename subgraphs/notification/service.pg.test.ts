import { randomUUID } from 'node:crypto';
import { readConfig } from '@ordergraph/platform/config.ts';
import {
  anonymous,
  identityHeader,
  signIdentity,
  type Identity,
} from '@ordergraph/platform/identity.ts';
import { newId } from '@ordergraph/platform/ids.ts';
import { createStream, openEventBus } from '@ordergraph/platform/jetstream.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { startSmtpSink } from '@ordergraph/sandbox/smtp-sink/server.ts';
import { createEvent, type EventEnvelope } from '@ordergraph/schema/events/envelope.ts';
import {
  orderCancelled,
  orderConfirmed,
  orderExpired,
  orderRejected,
} from '@ordergraph/schema/events/order.ts';
import { eventSubject } from '@ordergraph/schema/events/streams.ts';
import { testDatabase } from '@ordergraph/tests/database.ts';
import { afterAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { notificationConfiguration } from './config.ts';
import { notificationService } from './service.ts';

const secret = 'a-secret-of-at-least-32-characters';
const prefix = `test-${randomUUID()}`;
const database = await testDatabase(new URL('./store/migrations/', import.meta.url));
const sink = await startSmtpSink({ smtpPort: 0, webPort: 0 });
const bus = await openEventBus(inject('natsUrl'), prefix, 'test');
await createStream(bus, 'order');
const service = await notificationService.start(
  readConfig(notificationConfiguration, {
    DATABASE_URL: database.url,
    NATS_URL: inject('natsUrl'),
    NATS_PREFIX: prefix,
    INTERNAL_SECRET: secret,
    SMTP_URL: `smtp://127.0.0.1:${sink.smtpPort}`,
    PORT: '0',
  }),
  createLogger('notification', 'silent'),
);
afterAll(async () => {
  await service.stop();
  await sink.stop();
  await bus.manager.streams.delete(`${prefix}-order`);
  await bus.close();
  await database.drop();
});

const customer = (subject: string): Identity => ({ subject, role: 'customer', scopes: [] });
const staff: Identity = { subject: 'sam', role: 'staff', scopes: [] };

type Answer = { data?: unknown; errors?: { extensions: { code: string } }[] };

async function ask(identity: Identity, query: string, variables: object = {}): Promise<Answer> {
  const response = await fetch(service.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [identityHeader]: signIdentity(identity, secret, Date.now()),
    },
    body: JSON.stringify({ query, variables }),
  });
  const answer: Answer = await response.json();
  return answer;
}

type Order = {
  orderId: string;
  customerId: string;
  number: string;
  contact: { name: string; email: string | null };
};

function order(customerId: string, email: string | null = `${customerId}@example.test`): Order {
  return { orderId: newId('ord'), customerId, number: '10001', contact: { name: 'Alice', email } };
}

const envelope = ({ orderId }: Order) => ({
  id: newId('evt'),
  subject: orderId,
  time: new Date(),
  cause: { correlationId: 'test', causationId: null },
});
const line = { lineId: 'oln_1', sku: 'MUG', name: 'Mug', quantity: 1, totalMinor: 250 };
const confirmed = (of: Order) =>
  createEvent(orderConfirmed, {
    ...envelope(of),
    data: {
      ...of,
      countryCode: 'GB',
      channel: 'SANDBOX',
      currency: 'GBP',
      totalMinor: 250,
      lines: [line],
    },
  });
const closed = (
  definition: typeof orderRejected | typeof orderExpired | typeof orderCancelled,
  of: Order,
) => createEvent(definition, { ...envelope(of), data: { ...of, reason: 'HOLD_EXPIRED' } });

async function publish(...events: EventEnvelope[]): Promise<void> {
  for (const event of events) {
    await bus.client.publish(eventSubject(prefix, 'order', event.type), JSON.stringify(event));
  }
}

const mailsTo = (customerId: string) =>
  sink.mails().filter(({ to }) => to.includes(`${customerId}@example.test`));

const listOf = `query ($first: Int, $after: String) { notifications(first: $first, after: $after) {
  edges { cursor node { kind status order { id } } } nodes { subject sentAt }
  pageInfo { hasNextPage hasPreviousPage endCursor } } }`;
const ofOrder = `query ($orders: [_Any!]!) { _entities(representations: $orders) {
  ... on Order { id notifications { kind status channel } } } }`;
const orders = (...ids: string[]) => ({ orders: ids.map((id) => ({ __typename: 'Order', id })) });

test('each event is mailed once, however often it is delivered', async () => {
  const of = order('carol');
  const events = [
    confirmed(of),
    closed(orderRejected, of),
    closed(orderExpired, of),
    closed(orderCancelled, of),
  ];
  await publish(...events, ...events.toReversed());
  // Another event that says the same, as after a replay with new identifiers, is the same notification.
  await publish(confirmed(of));
  const last = order('last');
  await publish(confirmed(last));
  await expect.poll(() => mailsTo('last').length, { timeout: 10_000 }).toBe(1);
  await expect.poll(() => mailsTo('carol').length).toBe(4);
  expect(
    mailsTo('carol')
      .map(({ subject }) => subject)
      .toSorted(),
  ).toEqual([
    'We could not accept your order 10001',
    'Your order 10001 has expired',
    'Your order 10001 is cancelled',
    'Your order 10001 is confirmed',
  ]);
  expect((await database.sql`select from inbox`).length).toBe(6);
});

const pageSchema = z.object({
  notifications: z.object({
    edges: z.array(z.object({ node: z.object({ order: z.object({ id: z.string() }) }) })),
    pageInfo: z.object({
      hasNextPage: z.boolean(),
      hasPreviousPage: z.boolean(),
      endCursor: z.string(),
    }),
  }),
});

test('the viewer sees their own notifications, newest first, page by page; staff see all', async () => {
  const mine = [order('alice'), order('alice'), order('alice')];
  for (const each of mine) await publish(confirmed(each));
  await publish(confirmed(order('bob')));
  await expect
    .poll(() => mailsTo('bob').length + mailsTo('alice').length, { timeout: 10_000 })
    .toBe(4);
  const wanted = mine.map(({ orderId }) => orderId).toReversed();
  const seen: string[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < 2; pages += 1) {
    const { data } = await ask(customer('alice'), listOf, { first: 2, after });
    const { notifications } = pageSchema.parse(data);
    seen.push(...notifications.edges.map(({ node }) => node.order.id));
    expect(notifications.pageInfo).toMatchObject({
      hasNextPage: pages === 0,
      hasPreviousPage: pages === 1,
    });
    after = notifications.pageInfo.endCursor;
  }
  expect(seen).toEqual(wanted);
  await expect
    .poll(() => ask(staff, '{ notifications(first: 100) { nodes { status } } }'))
    .toMatchObject({
      data: { notifications: { nodes: Array.from({ length: 9 }, () => ({ status: 'SENT' })) } },
    });
});

test('an order shows its notifications to its customer and to staff, and null to others', async () => {
  const of = order('dora');
  const silent = order('dora', null);
  await publish(confirmed(of), confirmed(silent));
  await expect.poll(() => mailsTo('dora').length, { timeout: 10_000 }).toBe(1);
  const shown = [{ kind: 'ORDER_CONFIRMED', status: 'SENT', channel: 'EMAIL' }];
  const ids = [of.orderId, silent.orderId];
  const entities = async (identity: Identity) =>
    (await ask(identity, ofOrder, orders(...ids))).data;
  const answer = (first: unknown, second: unknown) => ({
    _entities: [
      { id: of.orderId, notifications: first },
      { id: silent.orderId, notifications: second },
    ],
  });
  await expect.poll(() => entities(customer('dora'))).toEqual(answer(shown, []));
  expect(await entities(staff)).toEqual(answer(shown, []));
  expect(await entities(customer('eve'))).toEqual(answer(null, []));
  expect(await entities(anonymous)).toEqual(answer(null, null));
});

const codeOf = async (identity: Identity, variables: object) =>
  (await ask(identity, listOf, variables)).errors?.[0]?.extensions.code;

test('anonymous callers have no notifications, and a page is one of this list', async () => {
  expect(await codeOf(anonymous, {})).toBe('UNAUTHENTICATED');
  for (const variables of [
    { first: 0 },
    { first: 101 },
    { after: 'x' },
    { after: '' },
    { after: 'WyJ4Il0' },
  ]) {
    expect(await codeOf(staff, variables)).toBe('BAD_USER_INPUT');
  }
});
