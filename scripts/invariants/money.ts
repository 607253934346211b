/** Invariants of money: 6 to 11. */
import { paymentInvariants } from '@ordergraph/payment/invariants.ts';
import { reconcile } from '@ordergraph/payment/reconciliation.ts';
import type { Invariant } from './invariant.ts';
import {
  acrossDatabases,
  allOrders,
  inDatabase,
  outerJoin,
  streamed,
  type Keyed,
  type Sorted,
} from './queries.ts';
import type { Sql } from './scene.ts';

/** Those that payment's own tables can state; some have numbers of later groups. */
const ownPaymentInvariants = paymentInvariants.map(({ number, promise, query }) =>
  inDatabase('payment', { number, promise, of: countedOf(number), offenders: query }),
);

type PaymentRow = Keyed & {
  readonly status: string;
  readonly amount_minor: number | null;
  readonly currency: string | null;
  readonly updated_at: Date;
};

const mayBeMismatched = new Set(['ON_HOLD', 'CANCELLING', 'CANCELLED']);
const mayBeCaptured = new Set(['CONFIRMED', 'ON_HOLD']);

export const moneyInvariants: readonly Invariant[] = [
  ...ownPaymentInvariants,
  acrossDatabases({
    number: 6,
    promise: "the provider's journal has at most one charge per idempotency key",
    async check({ channel }, findings) {
      const chargeOfKey = new Map<string, string>();
      for await (const page of channel.journal()) {
        for (const { attemptId, chargeId } of page) {
          findings.looked();
          const other = chargeOfKey.get(attemptId);
          if (other) findings.add({ key: attemptId, charge: other, second_charge: chargeId });
          chargeOfKey.set(attemptId, chargeId);
        }
      }
    },
  }),
  acrossDatabases({
    number: 7,
    promise: 'what is asked for is the order’s total; an order paid otherwise is ON_HOLD',
    async check({ sql, grace }, findings) {
      for await (const { key, left: order, right: payment } of outerJoin(
        allOrders(sql.order),
        allPayments(sql.payment),
      )) {
        if (!payment || !order) continue;
        findings.looked();
        const row = {
          order_id: key,
          order: `${order.status} ${order.total_minor} ${order.currency}`,
          payment: `${payment.status} ${payment.amount_minor} ${payment.currency}`,
        };
        const isOther =
          payment.amount_minor !== order.total_minor || payment.currency !== order.currency;
        if (payment.amount_minor !== null && isOther) findings.add(row);
        if (payment.status === 'MISMATCHED' && !mayBeMismatched.has(order.status)) {
          findings.add(row, { since: payment.updated_at, graceMs: grace.healMs });
        }
      }
    },
  }),
  acrossDatabases({
    number: 8,
    promise: 'confirmed means captured; captured means confirmed, on its way back, or on hold',
    async check({ sql, grace }, findings) {
      for await (const { key, left: order, right: payment } of outerJoin(
        allOrders(sql.order),
        allPayments(sql.payment),
      )) {
        findings.looked();
        const row = {
          order_id: key,
          order: order?.status ?? 'unknown',
          payment: payment?.status ?? 'none',
        };
        if (order?.status === 'CONFIRMED' && payment?.status !== 'CAPTURED') findings.add(row);
        if (payment?.status === 'CAPTURED' && !mayBeCaptured.has(order?.status ?? '')) {
          findings.add(row, { since: payment.updated_at, graceMs: grace.healMs });
        }
      }
    },
  }),
  acrossDatabases({
    number: 11,
    promise: "attempts and the provider's journal match, one for one, in state and amount",
    async check({ sql, channel, grace }, findings) {
      const now = new Date();
      const compared = { sql: sql.payment, channel };
      for (const difference of await reconcile(compared, { now, graceMs: 0 })) {
        findings.add(difference, { since: now, graceMs: grace.healMs });
      }
      for (const difference of await reconcile(compared, { now, graceMs: grace.healMs })) {
        findings.add(difference);
      }
      for await (const page of channel.journal()) for (const _ of page) findings.looked();
    },
  }),
];

function countedOf(number: number): string {
  if (number === 9) return 'refunds';
  if (number === 10) return 'ledger_entries';
  return number === 6 ? 'payment_attempts' : 'payments';
}

function allPayments(sql: Sql): Sorted<PaymentRow> {
  return streamed(sql`
    select order_id as key, status, amount_minor, currency, updated_at
    from payments order by order_id collate "C"`);
}
