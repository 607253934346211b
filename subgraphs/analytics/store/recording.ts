/** Writing events and what they mean for sales. Each function is one statement, and harmless when repeated. */
import type { Transaction } from '@ordergraph/platform/database.ts';
import { dayOf, type Confirmation, type Sale } from '../domain/sales.ts';

export type RecordedEvent = {
  readonly id: string;
  readonly type: string;
  readonly dataVersion: number;
  readonly orderId: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
};

export async function insertEvents(
  tx: Transaction,
  events: readonly RecordedEvent[],
): Promise<void> {
  if (events.length === 0) return;
  await tx`
    insert into order_events (id, type, data_version, order_id, time, data)
    select id, type, data_version, order_id, time::timestamptz, data::json
    from unnest(
      ${events.map(({ id }) => id)}::text[],
      ${events.map(({ type }) => type)}::text[],
      ${events.map(({ dataVersion }) => dataVersion)}::int[],
      ${events.map(({ orderId }) => orderId)}::text[],
      ${events.map(({ time }) => time)}::text[],
      ${events.map(({ data }) => JSON.stringify(data))}::text[]
    ) as event (id, type, data_version, order_id, time, data)
    order by id on conflict (id) do nothing`;
}

export async function insertSalesLines(
  tx: Transaction,
  confirmations: readonly Confirmation[],
): Promise<void> {
  const lines = confirmations.flatMap((order) =>
    order.lines.map((line) => ({ ...line, order, day: dayOf(order.at) })),
  );
  if (lines.length === 0) return;
  await tx`
    insert into sales_lines (order_id, line_id, day, sku, name, units, revenue_minor, currency, country_code, channel)
    select order_id, line_id, day::date, sku, name, units, revenue_minor, currency, country_code, channel
    from unnest(
      ${lines.map(({ order }) => order.orderId)}::text[],
      ${lines.map(({ lineId }) => lineId)}::text[],
      ${lines.map(({ day }) => day)}::text[],
      ${lines.map(({ sku }) => sku)}::text[],
      ${lines.map(({ name }) => name)}::text[],
      ${lines.map(({ units }) => units)}::int[],
      ${lines.map(({ revenueMinor }) => revenueMinor)}::bigint[],
      ${lines.map(({ order }) => order.currency)}::text[],
      ${lines.map(({ order }) => order.countryCode)}::text[],
      ${lines.map(({ order }) => order.channel)}::text[]
    ) as line (order_id, line_id, day, sku, name, units, revenue_minor, currency, country_code, channel)
    order by order_id, line_id on conflict (order_id, line_id) do nothing`;
}

/** Sales must come in order of the order, so that two batches with orders in common wait instead of dead-locking. */
export async function upsertSales(tx: Transaction, sales: readonly Sale[]): Promise<void> {
  if (sales.length === 0) return;
  await tx`
    insert into sales as known (order_id, confirmed_at, cancelled_at, total_minor, currency)
    select order_id, confirmed_at::timestamptz, cancelled_at::timestamptz, total_minor, currency
    from unnest(
      ${sales.map(({ orderId }) => orderId)}::text[],
      ${sales.map(({ confirmedAt }) => confirmedAt?.toISOString() ?? null)}::text[],
      ${sales.map(({ cancelledAt }) => cancelledAt?.toISOString() ?? null)}::text[],
      ${sales.map(({ totalMinor }) => totalMinor)}::bigint[],
      ${sales.map(({ currency }) => currency)}::text[]
    ) with ordinality as sale (order_id, confirmed_at, cancelled_at, total_minor, currency, ordinal)
    order by ordinal
    on conflict (order_id) do update set
      confirmed_at = coalesce(known.confirmed_at, excluded.confirmed_at),
      cancelled_at = coalesce(known.cancelled_at, excluded.cancelled_at),
      total_minor = coalesce(known.total_minor, excluded.total_minor),
      currency = coalesce(known.currency, excluded.currency)`;
}
