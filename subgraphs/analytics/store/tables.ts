/** The analytics service's tables. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  date,
  index,
  integer,
  json,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

export { consumerState, deadLetters, inbox } from '@ordergraph/platform/tables.ts';

/** Every event of every order, for good: what reports are made from now, and what the batch pipeline will read. */
export const orderEvents = pgTable('order_events', {
  id: text('id').primaryKey(),
  type: text('type').notNull(),
  dataVersion: integer('data_version').notNull(),
  orderId: text('order_id').notNull(),
  time: timestamp('time', { withTimezone: true }).notNull(),
  /** The event's data without what names a person and without payment tokens. */
  data: json('data').notNull(),
  recordedAt: timestamp('recorded_at', { withTimezone: true }).notNull().defaultNow(),
});

/** Whether an order counts: it was confirmed, and not cancelled since. Either may be heard of first. */
export const sales = pgTable(
  'sales',
  {
    orderId: text('order_id').primaryKey(),
    confirmedAt: timestamp('confirmed_at', { withTimezone: true }),
    cancelledAt: timestamp('cancelled_at', { withTimezone: true }),
    /** The order's total, null until it is confirmed. */
    totalMinor: bigint('total_minor', { mode: 'number' }),
    currency: text('currency'),
  },
  (table) => [
    check('sales_known', sql`confirmed_at is not null or cancelled_at is not null`),
    check('sales_total', sql`(confirmed_at is null) = (total_minor is null)`),
    check('sales_currency', sql`(confirmed_at is null) = (currency is null)`),
    check('sales_total_sign', sql`total_minor >= 0`),
    // Reports leave out the cancelled, which are few.
    index('sales_cancelled')
      .on(table.orderId)
      .where(sql`cancelled_at is not null`),
  ],
);

/** The lines of confirmed orders. */
export const salesLines = pgTable(
  'sales_lines',
  {
    orderId: text('order_id').notNull(),
    lineId: text('line_id').notNull(),
    /** The day of the confirmation in UTC. */
    day: date('day').notNull(),
    sku: text('sku').notNull(),
    name: text('name').notNull(),
    units: integer('units').notNull(),
    revenueMinor: bigint('revenue_minor', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    countryCode: text('country_code').notNull(),
    channel: text('channel').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orderId, table.lineId] }),
    check('sales_lines_units', sql`units > 0`),
    check('sales_lines_revenue', sql`revenue_minor >= 0`),
    check('sales_lines_currency', sql`length(currency) = 3`),
    index('sales_lines_day').on(table.day),
  ],
);
