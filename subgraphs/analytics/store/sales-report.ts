/** Reading sales. The batch pipeline over Parquet will answer the same questions behind the same functions. */
import type { Queryable } from '@ordergraph/platform/database.ts';
import { noFigures, type Figures, type ReportQuestion, type ReportRow } from '../domain/report.ts';

export type CountedSales = { readonly totals: Figures; readonly rows: readonly ReportRow[] };

type Counted = {
  readonly key: string | null;
  readonly orders: number;
  readonly lines: number;
  readonly units: number;
  readonly revenue: readonly { readonly minor: string; readonly currency: string }[];
};

/**
 * Counts what a question covers, in one statement and so at one moment. An order has one currency, so that its orders
 * may be added up over currencies; over SKUs they may not, which is why the totals are counted apart.
 * @param rowsMax at most so many rows, in order of their key.
 */
export async function countSales(
  sql: Queryable,
  { from, to, groupBy }: ReportQuestion,
  rowsMax: number,
): Promise<CountedSales> {
  const key = groupBy === 'DAY' ? sql`day::text` : sql`sku`;
  const counted = await sql<Counted[]>`
    with sold as materialized (
      select ${key} collate "C" as key, order_id, currency, units, revenue_minor
      from sales_lines
      where day between ${from}::date and ${to}::date
        -- The cancelled are few and have an index of their own: an anti-join against them is cheaper than a join with all.
        and not exists (
          select from sales where sales.order_id = sales_lines.order_id and cancelled_at is not null)
    ), by_order as materialized (
      select key, currency, order_id, count(*) as lines, sum(units) as units, sum(revenue_minor) as revenue
      from sold group by key, currency, order_id
    ), by_key as (
      select key, currency, count(*) as orders, sum(lines) as lines, sum(units) as units, sum(revenue) as revenue
      from by_order group by key, currency
    ), totals as (
      select null::text as key, currency,
        (select count(distinct order_id) from by_order as o where o.currency = by_key.currency) as orders,
        sum(lines) as lines, sum(units) as units, sum(revenue) as revenue
      from by_key group by currency
    )
    (${figures(sql, 'totals')})
    union all
    (${figures(sql, 'by_key')} order by key limit ${rowsMax})`;
  const [totals, ...rows] = counted.toSorted(
    (a, b) => Number(a.key !== null) - Number(b.key !== null),
  );
  return {
    totals: totals?.key === null ? figuresOf(totals) : noFigures,
    rows: rows.map((row) => ({ key: row.key ?? '', figures: figuresOf(row) })),
  };
}

function figures(sql: Queryable, table: 'totals' | 'by_key') {
  return sql`
    select key, sum(orders)::bigint as orders, sum(lines)::bigint as lines, sum(units)::bigint as units,
      json_agg(json_build_object('currency', currency, 'minor', revenue::text) order by currency) as revenue
    from ${sql(table)} group by key`;
}

function figuresOf({ orders, lines, units, revenue }: Counted): Figures {
  return {
    orders,
    lines,
    units,
    revenue: revenue.map(({ minor, currency }) => ({ minor: exactNumber(minor), currency })),
  };
}

function exactNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error('A revenue is beyond 2^53 minor units');
  return value;
}

/** When the newest event that was counted happened; null before the first. */
export async function newestEventAt(sql: Queryable): Promise<Date | null> {
  // Identifiers sort by time, so the primary key answers this; an index on time would cost on every event.
  const [newest] = await sql<{ time: Date }[]>`
    select time from order_events order by id desc limit 1`;
  return newest?.time ?? null;
}
