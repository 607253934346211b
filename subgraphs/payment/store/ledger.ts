/** Books movements of money: two entries each, a debit positive and a credit negative. */
import type { Transaction } from '@ordergraph/platform/database.ts';
import { newId } from '@ordergraph/platform/ids.ts';
import type { Booking } from '../domain/ledger.ts';

/** Both tables in one statement; the triggers check the sums and refuse any later change. */
export async function book(tx: Transaction, bookings: readonly Booking[]): Promise<void> {
  if (bookings.length === 0) return;
  const records = bookings.map(({ amount, ...booking }) => {
    return { ...booking, ...amount, id: newId('ltx') };
  });
  await tx`
    with booking as (
      select * from json_to_recordset(${JSON.stringify(records)}::text::json) as b (id text, kind text,
        reference text, "orderId" text, debit text, credit text, minor bigint, currency text, at timestamptz)
    ), transaction as (
      insert into ledger_transactions (id, kind, reference, order_id, booked_at)
      select id, kind, reference, "orderId", at from booking
    )
    insert into ledger_entries (transaction_id, account, currency, amount_minor)
    select id, debit, currency, minor from booking
    union all
    select id, credit, currency, -minor from booking`;
}
