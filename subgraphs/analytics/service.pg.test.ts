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
import { createEvent } from '@ordergraph/schema/events/envelope.ts';
import { orderConfirmed } from '@ordergraph/schema/events/order.ts';
import { eventSubject } from '@ordergraph/schema/events/streams.ts';
import { testDatabase } from '@ordergraph/tests/database.ts';
import { afterAll, expect, inject, test } from 'vitest';
import { analyticsConfiguration } from './config.ts';
import { analyticsService } from './service.ts';

const secret = 'a-secret-of-at-least-32-characters';
const prefix = `test-${randomUUID()}`;
const database = await testDatabase(new URL('./store/migrations/', import.meta.url));
const bus = await openEventBus(inject('natsUrl'), prefix, 'test');
await createStream(bus, 'order');
const service = await analyticsService.start(
  readConfig(analyticsConfiguration, {
    DATABASE_URL: database.url,
    NATS_URL: inject('natsUrl'),
    NATS_PREFIX: prefix,
    INTERNAL_SECRET: secret,
    PORT: '0',
  }),
  createLogger('analytics', 'silent'),
);
afterAll(async () => {
  await service.stop();
  await bus.manager.streams.delete(`${prefix}-order`);
  await bus.close();
  await database.drop();
});

const analyst: Identity = { subject: 'ann', role: 'staff', scopes: ['analytics:read'] };

type Answer = {
  data?: { salesReport: unknown } | null;
  errors?: { extensions: { code: string } }[];
};

async function report(identity: Identity, input: object): Promise<Answer> {
  const response = await fetch(service.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [identityHeader]: signIdentity(identity, secret, Date.now()),
    },
    body: JSON.stringify({
      query: `query ($input: SalesReportInput!) { salesReport(input: $input) {
        asOf totals { ...f } rows { key figures { ...f } } } }
        fragment f on SalesFigures { orders lines units revenue { amount currencyCode } }`,
      variables: { input },
    }),
  });
  const answer: Answer = await response.json();
  return answer;
}

async function publishConfirmed(
  day: string,
  lines: { sku: string; totalMinor: number }[],
): Promise<void> {
  const orderId = newId('ord');
  const event = createEvent(orderConfirmed, {
    id: newId('evt'),
    subject: orderId,
    time: new Date(`${day}T10:00:00Z`),
    cause: { correlationId: 'test', causationId: null },
    data: {
      orderId,
      customerId: 'alice',
      number: '10001',
      countryCode: 'GB',
      channel: 'SANDBOX',
      currency: 'GBP',
      totalMinor: lines.reduce((sum, line) => sum + line.totalMinor, 0),
      lines: lines.map((line) => ({ ...line, lineId: newId('oln'), name: line.sku, quantity: 3 })),
      contact: { name: 'Alice', email: null },
    },
  });
  const subject = eventSubject(prefix, 'order', event.type);
  await bus.client.publish(subject, JSON.stringify(event), { msgID: event.id });
}

const may = { from: '2026-05-01', to: '2026-05-31' };

test('what the stream tells is in the report', async () => {
  await publishConfirmed('2026-05-01', [{ sku: 'MUG', totalMinor: 1250 }]);
  await publishConfirmed('2026-05-31', [
    { sku: 'MUG', totalMinor: 5 },
    { sku: 'PLATE', totalMinor: 700 },
  ]);
  const mug = {
    orders: 2,
    lines: 2,
    units: 6,
    revenue: [{ amount: '12.55', currencyCode: 'GBP' }],
  };
  const plate = {
    orders: 1,
    lines: 1,
    units: 3,
    revenue: [{ amount: '7.00', currencyCode: 'GBP' }],
  };
  const all = {
    orders: 2,
    lines: 3,
    units: 9,
    revenue: [{ amount: '19.55', currencyCode: 'GBP' }],
  };
  await expect
    .poll(() => report(analyst, { ...may, groupBy: 'SKU' }), { timeout: 10_000 })
    .toEqual({
      data: {
        salesReport: {
          asOf: '2026-05-31T10:00:00.000Z',
          totals: all,
          rows: [
            { key: 'MUG', figures: mug },
            { key: 'PLATE', figures: plate },
          ],
        },
      },
    });
});

const codeOf = async (identity: Identity, input: object) =>
  (await report(identity, { groupBy: 'DAY', ...may, ...input })).errors?.[0]?.extensions.code;

test('a report needs the scope analytics:read, of staff too', async () => {
  expect(await codeOf(anonymous, {})).toBe('UNAUTHENTICATED');
  expect(await codeOf({ ...analyst, scopes: [] }, {})).toBe('FORBIDDEN');
  expect(await codeOf(analyst, {})).toBeUndefined();
});

test.each([
  ['days in the wrong order', { from: '2026-06-01' }],
  ['more than 367 days', { from: '2025-05-01', to: '2026-06-01' }],
  ['a day that is none', { from: '2026-02-30' }],
])('%s are refused as bad input', async (_title, input) => {
  expect(await codeOf(analyst, input)).toBe('BAD_USER_INPUT');
});

test('more than 10,000 rows are refused as bad input', async () => {
  await database.sql`
    insert into sales_lines (order_id, line_id, day, sku, name, units, revenue_minor, currency, country_code, channel)
    select 'ord_' || n, 'oln_' || n, '2020-01-01', 'SKU' || n, 'x', 1, 1, 'GBP', 'GB', 'SANDBOX'
    from generate_series(1, 10001) as n`;
  const day = { from: '2020-01-01', to: '2020-01-01' };
  expect(await codeOf(analyst, { ...day, groupBy: 'SKU' })).toBe('BAD_USER_INPUT');
  expect(await codeOf(analyst, { ...day, groupBy: 'DAY' })).toBeUndefined();
});

test('an unsigned call is refused', async () => {
  const response = await fetch(service.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ __typename }"}',
  });
  expect(response.status).toBe(401);
});
