/**
 * Loads payments whole.
 *
 * Locks are taken in one order everywhere: payments by order id, then attempts and refunds by id. Whoever changes a
 * payment, an attempt's status or a refund's status holds the payment's lock.
 */
import type { Queryable, Transaction } from '@ordergraph/platform/database.ts';
import type postgres from 'postgres';
import type { Attempt, Payment, Refund } from '../domain/payment.ts';
import {
  attemptOf,
  paymentOf,
  refundOf,
  type AttemptRow,
  type PaymentRow,
  type RefundRow,
} from './rows.ts';

type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** Payments of orders, locked; orders without one are missing from the map. */
export async function lockPayments(
  tx: Transaction,
  orderIds: readonly string[],
): Promise<Map<string, Payment>> {
  if (orderIds.length === 0) return new Map();
  return lock(tx, tx`${orderIds}::text[]`);
}

/** Payments to which attempts or refunds belong, locked. */
export async function lockPaymentsOf(
  tx: Transaction,
  { attemptIds, refundIds }: { attemptIds: readonly string[]; refundIds: readonly string[] },
): Promise<Map<string, Payment>> {
  if (attemptIds.length + refundIds.length === 0) return new Map();
  // As an array, so that the planner looks the ids up by index whatever it believes of their number.
  const orderIds = tx`array(
    select order_id from payment_attempts where id = any(${attemptIds}::text[])
    union select order_id from refunds where id = any(${refundIds}::text[]))`;
  return lock(tx, orderIds);
}

/** Payments of orders, without their attempts and refunds. */
export async function findPayments(
  sql: Queryable,
  orderIds: readonly string[],
): Promise<Map<string, Payment>> {
  const rows = await selectPayments(sql, sql`${orderIds}::text[]`, sql``);
  return new Map(rows.map((row) => [row.order_id, paymentOf(row, { attempts: [], refunds: [] })]));
}

/** Attempts by order id, oldest first. */
export async function findAttempts(
  sql: Queryable,
  orderIds: readonly string[],
): Promise<Map<string, Attempt[]>> {
  const rows = await selectAttempts(sql, sql`${orderIds}::text[]`, sql``);
  return byOrder(
    rows.toSorted((a, b) => a.number - b.number),
    attemptOf,
  );
}

/** Refunds by order id, oldest first. */
export async function findRefunds(
  sql: Queryable,
  orderIds: readonly string[],
): Promise<Map<string, Refund[]>> {
  return byOrder(await selectRefunds(sql, sql`${orderIds}::text[]`, sql``), refundOf);
}

/** Sent without waiting for one another: one connection runs them in this order, in one round trip. */
async function lock(tx: Transaction, orderIds: Fragment): Promise<Map<string, Payment>> {
  const forUpdate = tx`for update`;
  const [payments, attemptRows, refundRows] = await Promise.all([
    selectPayments(tx, orderIds, forUpdate),
    selectAttempts(tx, orderIds, forUpdate),
    selectRefunds(tx, orderIds, forUpdate),
  ]);
  const attempts = byOrder(
    attemptRows.toSorted((a, b) => a.number - b.number),
    attemptOf,
  );
  const refunds = byOrder(refundRows, refundOf);
  return new Map(
    payments.map((row) => {
      const parts = {
        attempts: attempts.get(row.order_id) ?? [],
        refunds: refunds.get(row.order_id) ?? [],
      };
      return [row.order_id, paymentOf(row, parts)];
    }),
  );
}

function selectPayments(sql: Queryable, orderIds: Fragment, forUpdate: Fragment) {
  return sql<PaymentRow[]>`
    select order_id, id, customer_id, amount_minor, currency, hold_expires_at, status, closing, closed_at,
      correlation_id, causation_id, traceparent, version, created_at, updated_at
    from payments where order_id = any(${orderIds}) order by order_id ${forUpdate}`;
}

function selectAttempts(sql: Queryable, orderIds: Fragment, forUpdate: Fragment) {
  return sql<AttemptRow[]>`
    select id, order_id, number, channel, token, amount_minor, currency, status, charge_before,
      provider_charge_id, failure_code, captured_minor, captured_currency, refunded_minor, surplus, tries,
      created_at, settled_at
    from payment_attempts where order_id = any(${orderIds}) order by id ${forUpdate}`;
}

function selectRefunds(sql: Queryable, orderIds: Fragment, forUpdate: Fragment) {
  return sql<RefundRow[]>`
    select id, order_id, attempt_id, amount_minor, currency, reason, status, provider_refund_id,
      created_at, settled_at
    from refunds where order_id = any(${orderIds}) order by id ${forUpdate}`;
}

function byOrder<R extends { order_id: string }, T>(
  rows: readonly R[],
  read: (row: R) => T,
): Map<string, T[]> {
  const groups = Map.groupBy(rows, (row) => row.order_id);
  return new Map([...groups].map(([orderId, group]) => [orderId, group.map(read)]));
}
