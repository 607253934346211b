/** Saves what a batch changed, with at most one statement per kind of change. */
import type { Transaction } from '@ordergraph/platform/database.ts';
import type { Change } from '../domain/batch.ts';
import type { Attempt, Payment, Refund } from '../domain/payment.ts';
import { attemptRecord, paymentRecord, refundRecord, type Owned } from './rows.ts';

/** Another transaction made the same payment first; its SQLSTATE has whoever runs the transaction try again. */
export class PaymentCollision extends Error {
  readonly code = '40001';
  constructor() {
    super('Another transaction made the same payment first');
    this.name = 'PaymentCollision';
  }
}

/** @throws PaymentCollision */
export async function savePayments(tx: Transaction, changes: readonly Change[]): Promise<void> {
  const opened = changes.filter(({ before }) => !before).map(({ after }) => after);
  const moved = changes.filter(({ before }) => before).map(({ after }) => after);
  const attempts = changes.map(({ before, after }) =>
    difference(after.orderId, before?.attempts ?? [], after.attempts),
  );
  const refunds = changes.map(({ before, after }) =>
    difference(after.orderId, before?.refunds ?? [], after.refunds),
  );
  // An attempt is settled before the next one begins: only one may be open at any moment.
  await Promise.all([
    insertPayments(tx, opened),
    updatePayments(tx, moved),
    updateAttempts(
      tx,
      attempts.flatMap((attempt) => attempt.changed),
    ),
    insertAttempts(
      tx,
      attempts.flatMap((attempt) => attempt.added),
    ),
    updateRefunds(
      tx,
      refunds.flatMap((refund) => refund.changed),
    ),
    insertRefunds(
      tx,
      refunds.flatMap((refund) => refund.added),
    ),
  ]);
}

/** Values are never changed in place, so what is the very same object is unchanged. */
function difference<T extends { readonly id: string }>(
  orderId: string,
  before: readonly T[],
  after: readonly T[],
): { added: Owned<T>[]; changed: Owned<T>[] } {
  const known = new Map(before.map((item) => [item.id, item]));
  const own = (items: readonly T[]) => items.map((item) => ({ ...item, orderId }));
  return {
    added: own(after.filter((item) => !known.has(item.id))),
    changed: own(after.filter((item) => known.has(item.id) && known.get(item.id) !== item)),
  };
}

async function insertPayments(tx: Transaction, payments: readonly Payment[]): Promise<void> {
  if (payments.length === 0) return;
  const inserted = await tx`
    insert into payments (order_id, id, customer_id, amount_minor, currency, hold_expires_at, status, closing,
      closed_at, correlation_id, causation_id, traceparent, version, created_at, updated_at)
    select * from json_to_recordset(${JSON.stringify(payments.map(paymentRecord))}::text::json) as p (order_id text, id text,
      customer_id text, amount_minor bigint, currency text, hold_expires_at timestamptz, status text, closing text,
      closed_at timestamptz, correlation_id text, causation_id text, traceparent text, version int,
      created_at timestamptz, updated_at timestamptz)
    on conflict (order_id) do nothing`;
  if (inserted.count !== payments.length) throw new PaymentCollision();
}

async function updatePayments(tx: Transaction, payments: readonly Payment[]): Promise<void> {
  if (payments.length === 0) return;
  await tx`
    update payments p
    set status = n.status, closing = n.closing, closed_at = n.closed_at, correlation_id = n.correlation_id,
      causation_id = n.causation_id, traceparent = n.traceparent, version = n.version, updated_at = n.updated_at
    from json_to_recordset(${JSON.stringify(payments.map(paymentRecord))}::text::json) as n (order_id text, status text,
      closing text, closed_at timestamptz, correlation_id text, causation_id text, traceparent text, version int,
      updated_at timestamptz)
    where p.order_id = n.order_id`;
}

async function insertAttempts(tx: Transaction, attempts: readonly Owned<Attempt>[]): Promise<void> {
  if (attempts.length === 0) return;
  await tx`
    insert into payment_attempts (id, order_id, number, channel, token, amount_minor, currency, status, charge_before,
      captured_minor, captured_currency, next_action_at, created_at, settled_at)
    select id, order_id, number, channel, token, amount_minor, currency, status, charge_before, captured_minor,
      captured_currency, case when settled_at is null then now() end, created_at, settled_at
    from json_to_recordset(${JSON.stringify(attempts.map(attemptRecord))}::text::json) as a (id text, order_id text, number int,
      channel text, token text, amount_minor bigint, currency text, status text, charge_before timestamptz,
      captured_minor bigint, captured_currency text, created_at timestamptz, settled_at timestamptz)`;
}

/**
 * An attempt that is to be withdrawn is due at once where the provider's charge is known. Where it is not, a call may be
 * under way: its lease is left alone, and its end, or its answer, makes the attempt due.
 */
async function updateAttempts(tx: Transaction, attempts: readonly Owned<Attempt>[]): Promise<void> {
  if (attempts.length === 0) return;
  await tx`
    update payment_attempts a
    set status = n.status, token = n.token,
      provider_charge_id = coalesce(n.provider_charge_id, a.provider_charge_id), failure_code = n.failure_code,
      captured_minor = n.captured_minor, captured_currency = n.captured_currency, surplus = n.surplus,
      refunded_minor = n.refunded_minor, settled_at = n.settled_at,
      next_action_at = case
        when n.settled_at is not null then null
        when a.provider_charge_id is not null then now()
        else a.next_action_at end
    from json_to_recordset(${JSON.stringify(attempts.map(attemptRecord))}::text::json) as n (id text, status text, token text,
      provider_charge_id text, failure_code text, captured_minor bigint, captured_currency text, surplus boolean,
      refunded_minor bigint, settled_at timestamptz)
    where a.id = n.id`;
}

async function insertRefunds(tx: Transaction, refunds: readonly Owned<Refund>[]): Promise<void> {
  if (refunds.length === 0) return;
  await tx`
    insert into refunds (id, order_id, attempt_id, amount_minor, currency, reason, status, next_action_at, created_at)
    select id, order_id, attempt_id, amount_minor, currency, reason, status, now(), created_at
    from json_to_recordset(${JSON.stringify(refunds.map(refundRecord))}::text::json) as r (id text, order_id text,
      attempt_id text, amount_minor bigint, currency text, reason text, status text, created_at timestamptz)`;
}

async function updateRefunds(tx: Transaction, refunds: readonly Owned<Refund>[]): Promise<void> {
  if (refunds.length === 0) return;
  await tx`
    update refunds r
    set status = n.status, provider_refund_id = n.provider_refund_id, settled_at = n.settled_at,
      next_action_at = case when n.settled_at is null then r.next_action_at end
    from json_to_recordset(${JSON.stringify(refunds.map(refundRecord))}::text::json) as n (id text, status text,
      provider_refund_id text, settled_at timestamptz)
    where r.id = n.id`;
}
