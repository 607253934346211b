/** What has come back for orders that are being cancelled. */
import type { Transaction } from '@ordergraph/platform/database.ts';

export type Returned = { readonly orderId: string; readonly what: 'stock' | 'payment' };

/** Notes what came back, and tells for which of the orders both have. Orders must be locked. */
export async function noteReturned(
  tx: Transaction,
  returned: readonly Returned[],
  now: Date,
): Promise<ReadonlySet<string>> {
  const byOrder = Map.groupBy(returned, ({ orderId }) => orderId);
  const rows = [...byOrder].map(([order_id, entries]) => ({
    order_id,
    stock_released_at: entries.some(({ what }) => what === 'stock') ? now : null,
    payment_closed_at: entries.some(({ what }) => what === 'payment') ? now : null,
  }));
  const complete = await tx<{ order_id: string }[]>`
    with noted as (
      insert into cancellations (order_id, stock_released_at, payment_closed_at)
      select * from json_to_recordset(${JSON.stringify(rows)}::text::json) as r (
        order_id text, stock_released_at timestamptz, payment_closed_at timestamptz)
      on conflict (order_id) do update
      set stock_released_at = coalesce(cancellations.stock_released_at, excluded.stock_released_at),
        payment_closed_at = coalesce(cancellations.payment_closed_at, excluded.payment_closed_at)
      returning order_id, stock_released_at, payment_closed_at
    )
    select order_id from noted where stock_released_at is not null and payment_closed_at is not null`;
  return new Set(complete.map((row) => row.order_id));
}
