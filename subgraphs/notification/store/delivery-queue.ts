/**
 * The queue of mails to send. A sender leases due rows: it takes them from everybody else's sight for a while by setting
 * their due time ahead. All times are the database's, so that senders with wrong clocks do not take each other's mails.
 */
import type { Database, Queryable } from '@ordergraph/platform/database.ts';
import type { Outcome } from '../domain/delivery.ts';
import type { NoticeContent } from '../domain/notice.ts';

export type LeasedNotification = {
  readonly id: string;
  /** How often it was leased, this time included: tells this lease from later ones. */
  readonly tries: number;
  readonly recipient: string;
  readonly recipientName: string;
  readonly orderNumber: string;
  readonly subject: string;
  readonly createdAt: Date;
  readonly content: NoticeContent;
};

/** Leases up to `limit` due notifications, longest due first, for `leaseMs`. */
export async function leaseDue(
  sql: Database,
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<LeasedNotification[]> {
  return sql<LeasedNotification[]>`
    update notifications set tries = tries + 1, due_at = now() + ${leaseMs} * interval '1 millisecond'
    where id = any(array(
      select id from notifications
      where status = 'PENDING' and due_at <= now()
      order by due_at limit ${limit} for update skip locked))
    returning id, tries, recipient, recipient_name as "recipientName", order_number as "orderNumber", subject,
      created_at as "createdAt", content`;
}

export type Lease = { readonly id: string; readonly tries: number };
export type LeaseOutcome = Lease & { readonly outcome: Outcome };

/**
 * Records what became of leased notifications. That a mail was accepted holds whoever has the lease by now; a refusal
 * counts only while the lease is this sender's.
 */
export async function recordOutcomes(
  sql: Queryable,
  outcomes: readonly LeaseOutcome[],
): Promise<void> {
  await sql`
    update notifications as n
    set status = o.status,
      sent_at = case when o.status = 'SENT' then now() end,
      due_at = case when o.status = 'PENDING' then now() + o.delay_ms * interval '1 millisecond' end,
      failure = o.failure
    from unnest(
      ${outcomes.map(({ id }) => id)}::text[],
      ${outcomes.map(({ tries }) => tries)}::int[],
      ${outcomes.map(({ outcome }) => outcome.status)}::text[],
      ${outcomes.map(({ outcome }) => (outcome.status === 'PENDING' ? outcome.delayMs : null))}::int[],
      ${outcomes.map(({ outcome }) => (outcome.status === 'SENT' ? null : outcome.failure))}::text[]
    ) as o (id, tries, status, delay_ms, failure)
    where n.id = o.id and case o.status
      when 'SENT' then n.status <> 'SENT'
      else n.status = 'PENDING' and n.tries = o.tries end`;
}

/** Gives back leases of mails that were not tried, so that another sender need not wait for their end. */
export async function giveBack(sql: Queryable, leases: readonly Lease[]): Promise<void> {
  if (leases.length === 0) return;
  await sql`
    update notifications as n set tries = n.tries - 1, due_at = now()
    from unnest(${leases.map(({ id }) => id)}::text[], ${leases.map(({ tries }) => tries)}::int[]) as l (id, tries)
    where n.id = l.id and n.status = 'PENDING' and n.tries = l.tries`;
}
