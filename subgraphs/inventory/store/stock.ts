/** Queries on stock levels and their ledger. Rows are locked in order of SKU and warehouse, everywhere. */
import type { Queryable, Transaction } from '@ordergraph/platform/database.ts';
import type { Adjustment } from '../domain/adjust-stock.ts';
import type { StockChange, StockLevel } from '../domain/stock-book.ts';

/**
 * Locks the stock of products in all warehouses. The lateral sub-query looks each SKU up in the index, in the order
 * given, whatever the statistics say. Measured with 50 to 600 of 10,000 SKUs, a join and `= any` take as long; their
 * plan turns into a scan of the table as the batch grows.
 */
export async function lockStock(tx: Transaction, skus: Iterable<string>): Promise<StockLevel[]> {
  const sorted = [...new Set(skus)].toSorted();
  if (sorted.length === 0) return [];
  return tx<StockLevel[]>`
    select level.* from unnest(${sorted}::text[]) with ordinality as wanted (sku, position)
    cross join lateral (
      select sku, warehouse, on_hand as "onHand", held, allocated
      from stock where stock.sku = wanted.sku
      order by warehouse
      for update
    ) as level`;
}

/**
 * Applies changes to rows that `lockStock` has locked. Measured beside it with 50 to 600 of 10,000 SKUs: forcing the
 * index by a lateral sub-query on ctid takes 1.2 times, an upsert 1.1 times as long.
 */
export async function changeStock(tx: Transaction, changes: readonly StockChange[]): Promise<void> {
  if (changes.length === 0) return;
  await tx`
    update stock
    set held = stock.held + change.held, allocated = stock.allocated + change.allocated
    from unnest(
      ${changes.map(({ sku }) => sku)}::text[],
      ${changes.map(({ warehouse }) => warehouse)}::text[],
      ${changes.map(({ held }) => held)}::int[],
      ${changes.map(({ allocated }) => allocated)}::int[]
    ) as change (sku, warehouse, held, allocated)
    where stock.sku = change.sku and stock.warehouse = change.warehouse`;
}

/** Books stock in or out, with its entry in the ledger. */
export async function bookStock(
  tx: Transaction,
  { sku, warehouse, delta }: Adjustment,
  entry: { id: string; reason: string; actor: string; at: Date; opens: boolean },
): Promise<void> {
  await Promise.all([
    entry.opens
      ? tx`insert into stock (sku, warehouse, on_hand) values (${sku}, ${warehouse}, ${delta})`
      : tx`
        update stock set on_hand = on_hand + ${delta}
        where sku = ${sku} and warehouse = ${warehouse}`,
    tx`
      insert into stock_ledger (id, sku, warehouse, delta, reason, actor, created_at)
      values (${entry.id}, ${sku}, ${warehouse}, ${delta}, ${entry.reason}, ${entry.actor}, ${entry.at})`,
  ]);
}

/** What is free of each product in all warehouses together; products without stock are missing. */
export async function findAvailable(
  sql: Queryable,
  skus: readonly string[],
): Promise<Map<string, number>> {
  const rows = await sql<{ sku: string; available: number }[]>`
    select sku, sum(on_hand::bigint - held - allocated)::bigint as available
    from stock where sku = any(${[...skus]}::text[])
    group by sku`;
  return new Map(rows.map(({ sku, available }) => [sku, available]));
}
