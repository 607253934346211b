/** The history of orders: by order for one order's stream and list, by transaction for the feed of all changes. */
import type { Queryable } from '@ordergraph/platform/database.ts';
import type { OrderChange } from '../domain/order.ts';

/** A place in the feed: the transaction that wrote a change, as a decimal, and the place in it. */
export type FeedPosition = { readonly transaction: string; readonly position: number };
export type FeedEntry = OrderChange & FeedPosition;

const pageMax = 500;

/** Changes of one order above a version, oldest first. */
export async function changesAfter(
  sql: Queryable,
  orderId: string,
  version: number,
): Promise<OrderChange[]> {
  return sql<OrderChange[]>`
    select id, order_id as "orderId", customer_id as "customerId", version,
      previous_status as "previousStatus", status, reason, note,
      hold_expires_at as "holdExpiresAt", occurred_at as "occurredAt"
    from order_history where order_id = ${orderId} and version > ${version}
    order by version limit ${pageMax}`;
}

/** Of one order's history what lies above a version, `limit` changes at most. */
export type HistoryPage = {
  readonly orderId: string;
  readonly afterVersion: number;
  readonly limit: number;
};

/** Pages of many orders' histories with one statement, oldest first; the n-th answer is the n-th page. */
export async function historyPages(
  sql: Queryable,
  pages: readonly HistoryPage[],
): Promise<OrderChange[][]> {
  const rows = await sql<(OrderChange & { page: number })[]>`
    select page::int, change.* from unnest(
      ${pages.map(({ orderId }) => orderId)}::text[],
      ${pages.map(({ afterVersion }) => afterVersion)}::int[],
      ${pages.map(({ limit }) => limit)}::int[]
    ) with ordinality as wanted (order_id, after_version, size, page)
    cross join lateral (
      select id, order_id as "orderId", customer_id as "customerId", version,
        previous_status as "previousStatus", status, reason, note,
        hold_expires_at as "holdExpiresAt", occurred_at as "occurredAt"
      from order_history
      where order_history.order_id = wanted.order_id and version > wanted.after_version
      order by version limit wanted.size
    ) as change
    order by page, version`;
  const byPage = Map.groupBy(rows, ({ page }) => page);
  return pages.map((_page, i) => byPage.get(i + 1) ?? []);
}

/**
 * The place behind which the feed will show everything that is not committed yet. Every transaction below the
 * snapshot's xmin is finished, so nothing can appear below it any more.
 */
export async function feedEnd(sql: Queryable): Promise<FeedPosition> {
  const [row] = await sql<{ transaction: string }[]>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as transaction`;
  if (!row) throw new Error('The database has no snapshot');
  return { transaction: row.transaction, position: -1 };
}

/** Whether a place can have been given out by this database: it lies in its past. */
export async function isKnownPosition(sql: Queryable, place: FeedPosition): Promise<boolean> {
  const [row] = await sql<{ known: boolean }[]>`
    select ${place.transaction}::xid8 < pg_snapshot_xmax(pg_current_snapshot()) as known`;
  return row?.known === true;
}

/**
 * Changes behind a place, in the order of the feed, at most 500. Only those of transactions older than every running
 * one: a change that is visible but not settled could be followed by one that sorts before it.
 */
export async function feedAfter(
  sql: Queryable,
  after: FeedPosition,
  customerId: string | null = null,
): Promise<FeedEntry[]> {
  // For one customer the way leads over that customer's orders, not over everybody's changes since.
  const source =
    customerId === null
      ? sql`order_history h where true`
      : sql`orders o join order_history h on h.order_id = o.id where o.customer_id = ${customerId}`;
  return sql<FeedEntry[]>`
    select h.id, h.order_id as "orderId", h.customer_id as "customerId", h.version,
      h.previous_status as "previousStatus", h.status, h.reason, h.note,
      h.hold_expires_at as "holdExpiresAt", h.occurred_at as "occurredAt",
      h.transaction::text as transaction, h.position
    from ${source}
      and (h.transaction, h.position) > (${after.transaction}::xid8, ${after.position}::bigint)
      and h.transaction < pg_snapshot_xmin(pg_current_snapshot())
    order by h.transaction, h.position limit ${pageMax}`;
}

/** Whether `a` lies behind `b` in the feed. */
export function isBehind(a: FeedPosition, b: FeedPosition): boolean {
  const [left, right] = [BigInt(a.transaction), BigInt(b.transaction)];
  return left > right || (left === right && a.position > b.position);
}
