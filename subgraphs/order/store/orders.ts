/** Orders in the database: rows to orders and back, one statement per kind of change whatever the number of orders. */
import type { Queryable, Transaction } from '@ordergraph/platform/database.ts';
import type { Address, Order, OrderChange, OrderLine, OrderStatus } from '../domain/order.ts';
import type { NewOrder } from '../domain/placement.ts';

type OrderRow = {
  id: string;
  number: string;
  customer_id: string;
  status: OrderStatus;
  status_reason: string | null;
  version: number;
  currency: string;
  subtotal_minor: number;
  total_minor: number;
  shipping_address: Address;
  payment_channel: 'SANDBOX';
  payment_token: string;
  placed_at: Date;
  updated_at: Date;
  hold_expires_at: Date | null;
};

function toOrder(row: OrderRow): Order {
  return {
    id: row.id,
    number: row.number,
    customerId: row.customer_id,
    status: row.status,
    statusReason: row.status_reason,
    version: row.version,
    currency: row.currency,
    subtotalMinor: row.subtotal_minor,
    totalMinor: row.total_minor,
    shippingAddress: row.shipping_address,
    payment: { channel: row.payment_channel, token: row.payment_token },
    placedAt: row.placed_at,
    updatedAt: row.updated_at,
    holdExpiresAt: row.hold_expires_at,
  };
}

/**
 * Inserts orders with their lines and first history entries, in one statement: three would cost a batch of one order two
 * more round trips. Returns the orders with the numbers they were given.
 */
export async function insertOrders(
  tx: Transaction,
  placed: readonly NewOrder[],
  deadlines: readonly (Date | null)[],
): Promise<Order[]> {
  const orders = placed.map(({ order }, i) => ({
    id: order.id,
    customer_id: order.customerId,
    status: order.status,
    version: order.version,
    currency: order.currency,
    subtotal_minor: order.subtotalMinor,
    total_minor: order.totalMinor,
    shipping_address: order.shippingAddress,
    payment_channel: order.payment.channel,
    payment_token: order.payment.token,
    placed_at: order.placedAt,
    deadline_at: deadlines[i] ?? null,
  }));
  const lines = placed.flatMap(({ order, lines: ordered }) =>
    ordered.map((line, position) => ({
      order_id: order.id,
      position,
      id: line.id,
      sku: line.sku,
      name: line.name,
      quantity: line.quantity,
      unit_price_minor: line.unitPriceMinor,
      total_minor: line.totalMinor,
    })),
  );
  const history = placed.map(({ change }) => historyRow(change));
  const numbered = await tx<{ id: string; number: string }[]>`
    with new_orders as (
      insert into orders (id, customer_id, status, version, currency, subtotal_minor, total_minor,
        shipping_address, payment_channel, payment_token, placed_at, updated_at, deadline_at)
      select id, customer_id, status, version, currency, subtotal_minor, total_minor,
        shipping_address, payment_channel, payment_token, placed_at, placed_at, deadline_at
      from json_to_recordset(${JSON.stringify(orders)}::text::json) as o (
        id text, customer_id text, status text, version int, currency text, subtotal_minor bigint,
        total_minor bigint, shipping_address jsonb, payment_channel text, payment_token text,
        placed_at timestamptz, deadline_at timestamptz)
      returning id, number
    ), new_lines as (
      insert into order_lines (order_id, position, id, sku, name, quantity, unit_price_minor, total_minor)
      select * from json_to_recordset(${JSON.stringify(lines)}::text::json) as l (
        order_id text, position int, id text, sku text, name text, quantity int,
        unit_price_minor bigint, total_minor bigint)
    ), new_history as (
      insert into order_history (order_id, version, id, customer_id, previous_status, status,
        reason, note, hold_expires_at, occurred_at)
      select * from json_to_recordset(${JSON.stringify(history)}::text::json) as h (
        order_id text, version int, id text, customer_id text, previous_status text, status text,
        reason text, note text, hold_expires_at timestamptz, occurred_at timestamptz)
    )
    select id, number from new_orders`;
  const numbers = new Map(numbered.map(({ id, number }) => [id, number]));
  return placed.map(({ order }) => ({ ...order, number: numbers.get(order.id) ?? '' }));
}

/** Locks orders in the order of their ids, so that two batches with orders in common cannot dead-lock. */
export async function lockOrders(tx: Transaction, ids: readonly string[]): Promise<Order[]> {
  const rows = await tx<OrderRow[]>`
    select id, number, customer_id, status, status_reason, version, currency, subtotal_minor,
      total_minor, shipping_address, payment_channel, payment_token, placed_at, updated_at,
      hold_expires_at
    from orders where id = any(${[...new Set(ids)]}::text[]) order by id for update`;
  return rows.map(toOrder);
}

/** Locks orders whose deadline has passed, leaving out those that somebody else has locked. */
export async function lockDueOrders(tx: Transaction, now: Date, limit: number): Promise<Order[]> {
  const rows = await tx<OrderRow[]>`
    select id, number, customer_id, status, status_reason, version, currency, subtotal_minor,
      total_minor, shipping_address, payment_channel, payment_token, placed_at, updated_at,
      hold_expires_at
    from orders where deadline_at <= ${now} order by deadline_at limit ${limit}
    for update skip locked`;
  return rows.map(toOrder);
}

export type ChangedOrder = {
  readonly order: Order;
  readonly change: OrderChange;
  readonly deadlineAt: Date | null;
};

/** Appends changes to the history, and brings each order's row to its last one. Orders must be locked. */
export async function saveChanges(
  tx: Transaction,
  changed: readonly ChangedOrder[],
): Promise<void> {
  const last = new Map(changed.map((entry) => [entry.order.id, entry]));
  const rows = [...last.values()].map(({ order, deadlineAt }) => ({
    id: order.id,
    status: order.status,
    status_reason: order.statusReason,
    version: order.version,
    updated_at: order.updatedAt,
    hold_expires_at: order.holdExpiresAt,
    deadline_at: deadlineAt,
  }));
  await tx`
    with history as (
      insert into order_history (order_id, version, id, customer_id, previous_status, status,
        reason, note, hold_expires_at, occurred_at)
      select * from json_to_recordset(${JSON.stringify(changed.map(({ change }) => historyRow(change)))}::text::json) as h (
        order_id text, version int, id text, customer_id text, previous_status text, status text,
        reason text, note text, hold_expires_at timestamptz, occurred_at timestamptz)
    )
    update orders set status = c.status, status_reason = c.status_reason, version = c.version,
      updated_at = c.updated_at, hold_expires_at = c.hold_expires_at, deadline_at = c.deadline_at
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as c (
      id text, status text, status_reason text, version int, updated_at timestamptz,
      hold_expires_at timestamptz, deadline_at timestamptz)
    where orders.id = c.id`;
}

/** Puts off the process manager's next look at orders. */
export async function postponeDeadlines(
  tx: Transaction,
  ids: readonly string[],
  until: Date,
): Promise<void> {
  await tx`update orders set deadline_at = ${until} where id = any(${ids}::text[])`;
}

export async function findOrders(sql: Queryable, ids: readonly string[]): Promise<Order[]> {
  const rows = await sql<OrderRow[]>`
    select id, number, customer_id, status, status_reason, version, currency, subtotal_minor,
      total_minor, shipping_address, payment_channel, payment_token, placed_at, updated_at,
      hold_expires_at
    from orders where id = any(${ids}::text[])`;
  return rows.map(toOrder);
}

export type OrderListFilter = {
  readonly customerId: string | null;
  readonly statuses: readonly OrderStatus[] | null;
  readonly placedFrom: Date | null;
  readonly placedBefore: Date | null;
};

/** A page of orders, newest first; identifiers sort by time of placement. */
export async function listOrders(
  sql: Queryable,
  filter: OrderListFilter,
  page: { beforeId: string | null; limit: number },
): Promise<Order[]> {
  // Conditions are put in only where asked for, so that each form of the query has a plan of its own.
  const rows = await sql<OrderRow[]>`
    select id, number, customer_id, status, status_reason, version, currency, subtotal_minor,
      total_minor, shipping_address, payment_channel, payment_token, placed_at, updated_at,
      hold_expires_at
    from orders where true
      ${filter.customerId === null ? sql`` : sql`and customer_id = ${filter.customerId}`}
      ${filter.statuses === null ? sql`` : sql`and status = any(${filter.statuses}::text[])`}
      ${filter.placedFrom === null ? sql`` : sql`and placed_at >= ${filter.placedFrom}`}
      ${filter.placedBefore === null ? sql`` : sql`and placed_at < ${filter.placedBefore}`}
      ${page.beforeId === null ? sql`` : sql`and id < ${page.beforeId}`}
    order by id desc limit ${page.limit}`;
  return rows.map(toOrder);
}

export type LineOfOrder = OrderLine & { readonly orderId: string };

/** The lines of orders, in order of position. */
export async function findLines(
  sql: Queryable,
  orderIds: readonly string[],
): Promise<LineOfOrder[]> {
  return sql<LineOfOrder[]>`
    select order_id as "orderId", id, sku, name, quantity, unit_price_minor as "unitPriceMinor",
      total_minor as "totalMinor"
    from order_lines where order_id = any(${orderIds}::text[]) order by order_id, position`;
}

function historyRow(change: OrderChange): Record<string, unknown> {
  return {
    order_id: change.orderId,
    version: change.version,
    id: change.id,
    customer_id: change.customerId,
    previous_status: change.previousStatus,
    status: change.status,
    reason: change.reason,
    note: change.note,
    hold_expires_at: change.holdExpiresAt,
    occurred_at: change.occurredAt,
  };
}
