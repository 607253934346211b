/** Queries on what is set aside for orders. */
import type { Queryable, Transaction } from '@ordergraph/platform/database.ts';
import { newId } from '@ordergraph/platform/ids.ts';
import type { OrderStock, Reservation } from '../domain/decide-batch.ts';

/** Another transaction made an order's row at the same moment; its code tells that trying again will do. */
export class OrderRowCollision extends Error {
  readonly code = '40001';
  constructor() {
    super('Another transaction has just made the row of one of these orders');
    this.name = 'OrderRowCollision';
  }
}

/** Locks the rows of orders, in order of id; orders without a row are missing. Lateral: see `lockStock`. */
export async function lockOrders(
  tx: Transaction,
  orderIds: Iterable<string>,
): Promise<OrderStock[]> {
  const sorted = [...new Set(orderIds)].toSorted();
  return tx<OrderStock[]>`
    select known.* from unnest(${sorted}::text[]) as wanted (order_id)
    cross join lateral (
      select order_id as "orderId", customer_id as "customerId", state, expires_at as "expiresAt"
      from order_stock where order_stock.order_id = wanted.order_id
      for update
    ) as known`;
}

/** The reservations of orders that are held or allocated. The orders' rows, locked before, protect them. */
export async function findLiveReservations(
  tx: Transaction,
  orderIds: readonly string[],
): Promise<Reservation[]> {
  if (orderIds.length === 0) return [];
  return tx<Reservation[]>`
    select order_id as "orderId", line_id as "lineId", sku, warehouse, quantity, status
    from reservations
    where order_id = any(${[...orderIds]}::text[]) and status <> 'RELEASED'`;
}

/**
 * Inserts rows of orders that had none, in order of id.
 * @throws OrderRowCollision if one has a row by now.
 */
export async function insertOrders(
  tx: Transaction,
  orders: readonly OrderStock[],
  now: Date,
): Promise<void> {
  if (orders.length === 0) return;
  const sorted = orders.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1));
  const inserted = await tx`
    insert into order_stock (order_id, customer_id, state, expires_at, created_at, updated_at)
    select order_id, customer_id, state, expires_at, ${now}, ${now}
    from unnest(
      ${sorted.map(({ orderId }) => orderId)}::text[],
      ${sorted.map(({ customerId }) => customerId)}::text[],
      ${sorted.map(({ state }) => state)}::text[],
      ${sorted.map(({ expiresAt }) => expiresAt?.toISOString() ?? null)}::timestamptz[]
    ) as fresh (order_id, customer_id, state, expires_at)
    on conflict (order_id) do nothing`;
  if (inserted.count < sorted.length) throw new OrderRowCollision();
}

export async function updateOrders(
  tx: Transaction,
  orders: readonly OrderStock[],
  now: Date,
): Promise<void> {
  if (orders.length === 0) return;
  await tx`
    update order_stock
    set state = change.state, expires_at = change.expires_at, updated_at = ${now}
    from unnest(
      ${orders.map(({ orderId }) => orderId)}::text[],
      ${orders.map(({ state }) => state)}::text[],
      ${orders.map(({ expiresAt }) => expiresAt?.toISOString() ?? null)}::timestamptz[]
    ) as change (order_id, state, expires_at)
    where order_stock.order_id = change.order_id`;
}

/** Inserts reservations; their ids sort in the order given. */
export async function insertReservations(
  tx: Transaction,
  reservations: readonly Reservation[],
): Promise<void> {
  if (reservations.length === 0) return;
  await tx`
    insert into reservations (id, order_id, line_id, sku, warehouse, quantity, status)
    select * from unnest(
      ${reservations.map(() => newId('rsv'))}::text[],
      ${reservations.map(({ orderId }) => orderId)}::text[],
      ${reservations.map(({ lineId }) => lineId)}::text[],
      ${reservations.map(({ sku }) => sku)}::text[],
      ${reservations.map(({ warehouse }) => warehouse)}::text[],
      ${reservations.map(({ quantity }) => quantity)}::int[],
      ${reservations.map(({ status }) => status)}::text[]
    )`;
}

/** All live reservations of an order change together, so their order's id and new status say enough. */
export async function updateReservations(
  tx: Transaction,
  reservations: readonly Reservation[],
): Promise<void> {
  if (reservations.length === 0) return;
  const statusOf = new Map(reservations.map(({ orderId, status }) => [orderId, status]));
  await tx`
    update reservations set status = change.status
    from unnest(${[...statusOf.keys()]}::text[], ${[...statusOf.values()]}::text[])
      as change (order_id, status)
    where reservations.order_id = change.order_id and reservations.status <> 'RELEASED'`;
}

/** Whose order it is, and what is or was set aside for it. */
export type OrderReservations = {
  readonly customerId: string;
  readonly reservations: readonly StoredReservation[];
};

export type StoredReservation = Reservation & {
  readonly id: string;
  /** When the hold ends; null for whatever is no hold, or one without an end. */
  readonly expiresAt: Date | null;
};

/** What is or was set aside for orders, in the order of their lines; orders never heard of are missing. */
export async function findReservations(
  sql: Queryable,
  orderIds: readonly string[],
): Promise<Map<string, OrderReservations>> {
  const ids = [...orderIds];
  const [orders, reservations] = await Promise.all([
    sql<{ orderId: string; customerId: string }[]>`
      select order_id as "orderId", customer_id as "customerId"
      from order_stock where order_id = any(${ids}::text[])`,
    sql<StoredReservation[]>`
      select id, order_id as "orderId", line_id as "lineId", sku, warehouse, quantity, status,
        expires_at as "expiresAt"
      from reservations join order_stock using (order_id)
      where order_id = any(${ids}::text[])
      order by id`,
  ]);
  const byOrder = Map.groupBy(reservations, ({ orderId }) => orderId);
  return new Map(
    orders.map(({ orderId, customerId }) => [
      orderId,
      { customerId, reservations: byOrder.get(orderId) ?? [] },
    ]),
  );
}
