import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  check,
  customType,
  index,
  integer,
  jsonb,
  pgSequence,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

export {
  consumerState,
  deadLetters,
  idempotencyKeys,
  inbox,
  outbox,
  streamState,
} from '@ordergraph/platform/tables.ts';

const xid8 = customType<{ data: string }>({ dataType: () => 'xid8' });
const instant = (name: string) => timestamp(name, { withTimezone: true });
const minor = (name: string) => bigint(name, { mode: 'number' });

export const orderNumbers = pgSequence('order_numbers', { startWith: 100_001, cache: 50 });

export const orders = pgTable(
  'orders',
  {
    id: text('id').primaryKey(),
    number: text('number')
      .notNull()
      .unique()
      .default(sql`nextval('order_numbers')`),
    customerId: text('customer_id').notNull(),
    status: text('status').notNull(),
    statusReason: text('status_reason'),
    version: integer('version').notNull(),
    currency: text('currency').notNull(),
    subtotalMinor: minor('subtotal_minor').notNull(),
    totalMinor: minor('total_minor').notNull(),
    shippingAddress: jsonb('shipping_address').notNull(),
    paymentChannel: text('payment_channel').notNull(),
    paymentToken: text('payment_token').notNull(),
    placedAt: instant('placed_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
    holdExpiresAt: instant('hold_expires_at'),
    /** When the process manager has to look at the order again. */
    deadlineAt: instant('deadline_at'),
  },
  (table) => [
    // Identifiers sort by time of placement, so lists page by them alone.
    index('orders_of_customer').on(table.customerId, table.id),
    index('orders_deadline')
      .on(table.deadlineAt)
      .where(sql`deadline_at is not null`),
    check(
      'orders_status',
      sql`status in ('PLACED', 'RESERVED', 'CONFIRMED', 'REJECTED', 'EXPIRED', 'CANCELLING', 'CANCELLED', 'ON_HOLD')`,
    ),
    check('orders_total', sql`total_minor = subtotal_minor and subtotal_minor >= 0`),
    check('orders_version', sql`version >= 1`),
    check('orders_hold', sql`(hold_expires_at is not null) = (status = 'RESERVED')`),
  ],
);

export const orderLines = pgTable(
  'order_lines',
  {
    orderId: text('order_id').notNull(),
    position: integer('position').notNull(),
    id: text('id').notNull(),
    sku: text('sku').notNull(),
    name: text('name').notNull(),
    quantity: integer('quantity').notNull(),
    unitPriceMinor: minor('unit_price_minor').notNull(),
    totalMinor: minor('total_minor').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orderId, table.position] }),
    check('order_lines_quantity', sql`quantity between 1 and 100000`),
    check(
      'order_lines_total',
      sql`total_minor = quantity * unit_price_minor and unit_price_minor >= 0`,
    ),
  ],
);

/** Append-only (a trigger sees to it): the order's row is the fold of these. */
export const orderHistory = pgTable(
  'order_history',
  {
    orderId: text('order_id').notNull(),
    version: integer('version').notNull(),
    id: text('id').notNull().unique(),
    customerId: text('customer_id').notNull(),
    previousStatus: text('previous_status'),
    status: text('status').notNull(),
    reason: text('reason'),
    note: text('note'),
    holdExpiresAt: instant('hold_expires_at'),
    occurredAt: instant('occurred_at').notNull(),
    /** The transaction and the place in it: rows of finished transactions have a total order that never changes. */
    transaction: xid8('transaction')
      .notNull()
      .default(sql`pg_current_xact_id()`),
    position: bigserial('position', { mode: 'number' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orderId, table.version] }),
    index('order_history_feed').on(table.transaction, table.position),
  ],
);

/** What has come back for an order that is being cancelled; both make it CANCELLED. */
export const cancellations = pgTable('cancellations', {
  orderId: text('order_id').primaryKey(),
  stockReleasedAt: instant('stock_released_at'),
  paymentClosedAt: instant('payment_closed_at'),
});

/** The catalogue as inventory's events tell it: what placement prices orders from. */
export const catalogue = pgTable('catalogue', {
  sku: text('sku').primaryKey(),
  version: integer('version').notNull(),
  name: text('name').notNull(),
  unitPriceMinor: minor('unit_price_minor').notNull(),
  currency: text('currency').notNull(),
});
