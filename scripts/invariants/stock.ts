/** Invariants of stock: 1 to 5. */
import { inventoryInvariants } from '@ordergraph/inventory/store/invariants.ts';
import type { Invariant } from './invariant.ts';
import {
  acrossDatabases,
  allOrders,
  inDatabase,
  outerJoin,
  streamed,
  type Keyed,
  type Sorted,
} from './queries.ts';
import type { Sql } from './scene.ts';

/** Those that inventory's own tables can state. */
const ownInvariants = inventoryInvariants.map(({ promise, offenders }) => {
  const [, number = '', rest = ''] = /^Stock (\d+)[^:]*: (.*)$/s.exec(promise) ?? [];
  const of = Number(number) <= 3 ? 'stock' : 'order_stock';
  return inDatabase('inventory', { number: Number(number), promise: rest, of, offenders });
});

/** A digest of an order's lines: their ids, SKUs and quantities, in whatever order they are read. */
type Lines = Keyed & { readonly lines: string };
type StockState = Keyed & { readonly state: string };

const deadStatuses = new Set(['REJECTED', 'EXPIRED', 'CANCELLED']);

export const stockInvariants: readonly Invariant[] = [
  ...ownInvariants,
  acrossDatabases({
    number: 4,
    promise: 'no order that is over, or does not exist, has stock',
    async check({ sql, grace }, findings) {
      for await (const { key, left: order, right: stock } of outerJoin(
        allOrders(sql.order),
        ordersWithStock(sql.inventory),
      )) {
        if (!stock) continue;
        findings.looked();
        const row = { order_id: key, stock: stock.state, order: order?.status ?? 'unknown' };
        if (!order) findings.add(row);
        else if (deadStatuses.has(order.status)) {
          findings.add(row, { since: order.updated_at, graceMs: grace.healMs });
        }
      }
    },
  }),
  acrossDatabases({
    number: 5,
    promise: 'each line of a confirmed order has exactly its quantity allocated',
    async check({ sql, grace }, findings) {
      for await (const { key, left: ordered, right: allocated } of outerJoin(
        confirmedLines(sql.order),
        allocatedLines(sql.inventory),
      )) {
        if (!ordered) continue;
        findings.looked();
        if (ordered.lines === allocated?.lines) continue;
        const row = { order_id: key, allocated: allocated ? 'something else' : 'nothing' };
        findings.add(row, { since: ordered.updated_at, graceMs: grace.healMs });
      }
    },
  }),
  acrossDatabases({
    number: 5,
    promise: 'only confirmed orders have stock allocated',
    async check({ sql, grace }, findings) {
      for await (const { key, left: order, right: allocated } of outerJoin(
        allOrders(sql.order),
        allocatedLines(sql.inventory),
      )) {
        if (!allocated) continue;
        findings.looked();
        if (order?.status === 'CONFIRMED') continue;
        const row = { order_id: key, order: order?.status ?? 'unknown' };
        if (order) findings.add(row, { since: order.updated_at, graceMs: grace.healMs });
        else findings.add(row);
      }
    },
  }),
];

// Half a million lines stay in their databases: each sums a hash of its lines per order, and only the sums travel.
function confirmedLines(sql: Sql): Sorted<Lines & { readonly updated_at: Date }> {
  return streamed(sql`
    select orders.id as key, orders.updated_at,
      sum(hashtextextended(concat_ws(' ', order_lines.id, sku, quantity), 0))::text as lines
    from orders join order_lines on order_lines.order_id = orders.id
    where status = 'CONFIRMED'
    group by orders.id order by orders.id collate "C"`);
}

function allocatedLines(sql: Sql): Sorted<Lines> {
  return streamed(sql`
    select order_id as key,
      sum(hashtextextended(concat_ws(' ', line_id, sku, quantity), 0))::text as lines
    from (
      select order_id, line_id, sku, sum(quantity) as quantity
      from reservations where status = 'ALLOCATED' group by order_id, line_id, sku
    ) as line
    group by order_id order by order_id collate "C"`);
}

function ordersWithStock(sql: Sql): Sorted<StockState> {
  return streamed(sql`
    select order_id as key, state from order_stock
    where state in ('HELD', 'PINNED', 'ALLOCATED') order by order_id collate "C"`);
}
