/**
 * What is to be done at the providers, as leases: whoever takes an item moves its `next_action_at` behind the end of the
 * call, so that nobody else takes it, and a crash gives it back by itself. Times are the database's, whose clock all
 * instances share.
 */
import type { Queryable } from '@ordergraph/platform/database.ts';
import type { ChannelName } from '../domain/payment.ts';

export type DueAttempt = {
  readonly id: string;
  readonly order_id: string;
  readonly channel: ChannelName;
  readonly token: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly status: 'PENDING' | 'WITHDRAWING';
  readonly provider_charge_id: string | null;
  /** Counts this lease. */
  readonly tries: number;
};

export type DueRefund = {
  readonly id: string;
  readonly order_id: string;
  readonly channel: ChannelName;
  readonly charge_id: string | null;
  readonly amount_minor: number;
  readonly currency: string;
};

export type Lease = { readonly max: number; readonly leaseMs: number };

/** Attempts that are due. One that was never taken is left alone after its hold has ended: it is not to be charged. */
export async function leaseAttempts(
  sql: Queryable,
  { max, leaseMs }: Lease,
): Promise<readonly DueAttempt[]> {
  return sql<DueAttempt[]>`
    with due as (
      select id from payment_attempts
      where status in ('PENDING', 'WITHDRAWING') and next_action_at <= now()
        and (tries > 0 or charge_before > now())
      order by next_action_at limit ${max}
      for update skip locked
    )
    update payment_attempts a
    set tries = tries + 1, next_action_at = now() + ${leaseMs} * interval '1 millisecond'
    from due where a.id = due.id
    returning a.id, a.order_id, a.channel, a.token, a.amount_minor, a.currency, a.status, a.provider_charge_id, a.tries`;
}

/** `answered`: the provider has it and says nothing final. Otherwise nothing is known. */
export type Note = {
  readonly id: string;
  readonly answered: boolean;
  readonly providerId: string | null;
};

export type Pauses = {
  /** Between looks at what the provider has but has not settled, in milliseconds, at first and at most. */
  readonly reconcileFirstMs: number;
  readonly reconcileMaxMs: number;
  /** Between tries at a provider that does not answer, in milliseconds, at first and at most. */
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
};

/**
 * Notes what is known of attempts whose outcome is not, and when to look again: after half their age, within bounds,
 * which is an exponential back-off without a counter. An attempt to be withdrawn is due at once when its charge becomes
 * known.
 */
export async function noteAttempts(
  sql: Queryable,
  notes: readonly Note[],
  pauses: Pauses,
): Promise<void> {
  await sql`
    with note as (
      select * from json_to_recordset(${JSON.stringify(notes)}::text::json)
        as n (id text, answered boolean, "providerId" text)
    ), locked as (
      select id from payment_attempts where id in (select id from note) order by id for update
    )
    update payment_attempts a
    set provider_charge_id = coalesce(a.provider_charge_id, note."providerId"),
      next_action_at = now() + case
        when a.status = 'WITHDRAWING' and a.provider_charge_id is null and note."providerId" is not null then interval '0'
        when a.status = 'PENDING' and note.answered then ${pause(sql, pauses.reconcileFirstMs, pauses.reconcileMaxMs)}
        else ${pause(sql, pauses.retryFirstMs, pauses.retryMaxMs)} end
    from note join locked using (id)
    where a.id = note.id and a.settled_at is null`;
}

/** Refunds that are due, with the charge they take from. */
export async function leaseRefunds(
  sql: Queryable,
  { max, leaseMs }: Lease,
): Promise<readonly DueRefund[]> {
  return sql<DueRefund[]>`
    with due as (
      select id from refunds
      where status = 'PENDING' and next_action_at <= now()
      order by next_action_at limit ${max}
      for update skip locked
    )
    update refunds a
    set tries = a.tries + 1, next_action_at = now() + ${leaseMs} * interval '1 millisecond'
    from due join refunds using (id) join payment_attempts attempt on attempt.id = refunds.attempt_id
    where a.id = due.id
    returning a.id, a.order_id, attempt.channel, attempt.provider_charge_id as charge_id, a.amount_minor, a.currency`;
}

/** As for attempts. */
export async function noteRefunds(
  sql: Queryable,
  notes: readonly Note[],
  pauses: Pauses,
): Promise<void> {
  await sql`
    with note as (
      select * from json_to_recordset(${JSON.stringify(notes)}::text::json)
        as n (id text, answered boolean, "providerId" text)
    ), locked as (
      select id from refunds where id in (select id from note) order by id for update
    )
    update refunds a
    set provider_refund_id = coalesce(a.provider_refund_id, note."providerId"),
      next_action_at = now() + case
        when note.answered then ${pause(sql, pauses.reconcileFirstMs, pauses.reconcileMaxMs)}
        else ${pause(sql, pauses.retryFirstMs, pauses.retryMaxMs)} end
    from note join locked using (id)
    where a.id = note.id and a.settled_at is null`;
}

function pause(sql: Queryable, firstMs: number, maxMs: number) {
  return sql`least(greatest((now() - a.created_at) / 2, ${firstMs} * interval '1 millisecond'),
    ${maxMs} * interval '1 millisecond')`;
}
