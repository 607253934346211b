/** The inventory database: the catalogue, stock with its ledger, and what is set aside for orders. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

export {
  consumerState,
  deadLetters,
  idempotencyKeys,
  inbox,
  outbox,
  streamState,
} from '@ordergraph/platform/tables.ts';

const instant = (name: string) => timestamp(name, { withTimezone: true });

export const products = pgTable(
  'products',
  {
    sku: text('sku').primaryKey(),
    name: text('name').notNull(),
    description: text('description'),
    unitPriceMinor: bigint('unit_price_minor', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    /** Counts changes from 1. */
    version: integer('version').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  () => [
    check('products_sku_length', sql`char_length(sku) between 1 and 64`),
    check('products_price_not_negative', sql`unit_price_minor >= 0`),
    check('products_currency_code', sql`currency ~ '^[A-Z]{3}$'`),
    check('products_version_counts', sql`version >= 1`),
  ],
);

/** What a warehouse has of a product. Free is what is on hand and neither held nor allocated. */
export const stock = pgTable(
  'stock',
  {
    sku: text('sku')
      .notNull()
      .references(() => products.sku),
    warehouse: text('warehouse').notNull(),
    onHand: integer('on_hand').notNull(),
    held: integer('held').notNull().default(0),
    allocated: integer('allocated').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.sku, table.warehouse] }),
    check('stock_on_hand_not_negative', sql`on_hand >= 0`),
    check('stock_held_not_negative', sql`held >= 0`),
    check('stock_allocated_not_negative', sql`allocated >= 0`),
    check('stock_covers_reservations', sql`held::bigint + allocated <= on_hand`),
  ],
);

/** Every change of what is on hand. Append-only, by trigger; `stock.on_hand` is its sum. */
export const stockLedger = pgTable(
  'stock_ledger',
  {
    id: text('id').primaryKey(),
    sku: text('sku').notNull(),
    warehouse: text('warehouse').notNull(),
    delta: integer('delta').notNull(),
    reason: text('reason').notNull(),
    actor: text('actor').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [
    index('stock_ledger_place').on(table.sku, table.warehouse),
    check('stock_ledger_moves_something', sql`delta <> 0`),
  ],
);

/** How an order stands with its stock: the state machine of domain/order-stock.ts, one row an order. */
export const orderStock = pgTable(
  'order_stock',
  {
    orderId: text('order_id').primaryKey(),
    customerId: text('customer_id').notNull(),
    state: text('state').notNull(),
    /** When the hold ends; only a hold ends by itself. */
    expiresAt: instant('expires_at'),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  () => [
    check(
      'order_stock_state',
      sql`state in ('HELD', 'PINNED', 'ALLOCATED', 'REFUSED', 'RELEASED')`,
    ),
    check('order_stock_only_holds_expire', sql`(state = 'HELD') = (expires_at is not null)`),
  ],
);

/**
 * Stock of one warehouse set aside for one line of an order. There are no foreign keys: a row is written only in the
 * transaction that holds its order's and its stock's rows, and the checks would cost a lookup per line.
 */
export const reservations = pgTable(
  'reservations',
  {
    id: text('id').primaryKey(),
    orderId: text('order_id').notNull(),
    lineId: text('line_id').notNull(),
    sku: text('sku').notNull(),
    warehouse: text('warehouse').notNull(),
    quantity: integer('quantity').notNull(),
    status: text('status').notNull(),
  },
  (table) => [
    uniqueIndex('reservations_once_per_line_and_warehouse').on(
      table.orderId,
      table.lineId,
      table.warehouse,
    ),
    check('reservations_quantity_positive', sql`quantity > 0`),
    check('reservations_status', sql`status in ('HELD', 'ALLOCATED', 'RELEASED')`),
  ],
);
