/** Attempts as reconciliation compares them. */
import type { Queryable } from '@ordergraph/platform/database.ts';
import type { ChannelName } from '../domain/payment.ts';
import type { OurCharge } from '../domain/reconciliation.ts';
import type { AttemptStatus } from '../domain/states.ts';

type Row = {
  id: string;
  status: AttemptStatus;
  captured_minor: number | null;
  captured_currency: string | null;
  refunded_minor: number;
  refunding: boolean;
  changed_at: Date;
};

/** Every attempt of a channel; `changedAt` is the last change of anything that concerns its money. */
export async function findCharges(sql: Queryable, channel: ChannelName): Promise<OurCharge[]> {
  const rows = await sql<Row[]>`
    select a.id, a.status, a.captured_minor, a.captured_currency, a.refunded_minor,
      coalesce(r.status = 'PENDING', false) as refunding,
      greatest(a.created_at, a.settled_at, r.created_at, r.settled_at) as changed_at
    from payment_attempts a left join refunds r on r.attempt_id = a.id
    where a.channel = ${channel}`;
  return rows.map((row) => ({
    attemptId: row.id,
    status: row.status,
    captured:
      row.captured_minor === null || row.captured_currency === null
        ? null
        : { minor: row.captured_minor, currency: row.captured_currency },
    refundedMinor: row.refunded_minor,
    refunding: row.refunding,
    changedAt: row.changed_at,
  }));
}
