/** Rows as the database has them, and the values they stand for. Amounts are minor units. */
import type {
  Attempt,
  ChannelName,
  Closing,
  Payment,
  Refund,
  RefundReason,
} from '../domain/payment.ts';
import type { AttemptStatus, PaymentStatus, RefundStatus } from '../domain/states.ts';

/** A part of a payment together with the order it belongs to. */
export type Owned<T> = T & { readonly orderId: string };

export type PaymentRow = {
  order_id: string;
  id: string;
  customer_id: string;
  amount_minor: number | null;
  currency: string | null;
  hold_expires_at: Date | null;
  status: PaymentStatus;
  closing: Closing | null;
  closed_at: Date | null;
  correlation_id: string;
  causation_id: string | null;
  traceparent: string | null;
  version: number;
  created_at: Date;
  updated_at: Date;
};

export type AttemptRow = {
  id: string;
  order_id: string;
  number: number;
  channel: ChannelName;
  token: string | null;
  amount_minor: number;
  currency: string;
  status: AttemptStatus;
  charge_before: Date;
  provider_charge_id: string | null;
  failure_code: string | null;
  captured_minor: number | null;
  captured_currency: string | null;
  refunded_minor: number;
  surplus: boolean;
  tries: number;
  created_at: Date;
  settled_at: Date | null;
};

export type RefundRow = {
  id: string;
  order_id: string;
  attempt_id: string;
  amount_minor: number;
  currency: string;
  reason: RefundReason;
  status: RefundStatus;
  provider_refund_id: string | null;
  created_at: Date;
  settled_at: Date | null;
};

export function paymentOf(row: PaymentRow, parts: Pick<Payment, 'attempts' | 'refunds'>): Payment {
  return {
    id: row.id,
    orderId: row.order_id,
    customerId: row.customer_id,
    price: money(row.amount_minor, row.currency),
    holdExpiresAt: row.hold_expires_at,
    status: row.status,
    closing: row.closing,
    closedAt: row.closed_at,
    origin: {
      correlationId: row.correlation_id,
      causationId: row.causation_id,
      traceparent: row.traceparent ?? undefined,
    },
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...parts,
  };
}

export function paymentRecord(payment: Payment) {
  return {
    order_id: payment.orderId,
    id: payment.id,
    customer_id: payment.customerId,
    amount_minor: payment.price?.minor ?? null,
    currency: payment.price?.currency ?? null,
    hold_expires_at: payment.holdExpiresAt,
    status: payment.status,
    closing: payment.closing,
    closed_at: payment.closedAt,
    correlation_id: payment.origin.correlationId,
    causation_id: payment.origin.causationId,
    traceparent: payment.origin.traceparent ?? null,
    version: payment.version,
    created_at: payment.createdAt,
    updated_at: payment.updatedAt,
  };
}

export function attemptOf(row: AttemptRow): Attempt {
  return {
    id: row.id,
    number: row.number,
    channel: row.channel,
    token: row.token,
    price: { minor: row.amount_minor, currency: row.currency },
    status: row.status,
    contacted: row.tries > 0,
    chargeBefore: row.charge_before,
    providerChargeId: row.provider_charge_id,
    failureCode: row.failure_code,
    captured: money(row.captured_minor, row.captured_currency),
    surplus: row.surplus,
    refundedMinor: row.refunded_minor,
    createdAt: row.created_at,
    settledAt: row.settled_at,
  };
}

export function attemptRecord(attempt: Owned<Attempt>) {
  return {
    id: attempt.id,
    order_id: attempt.orderId,
    number: attempt.number,
    channel: attempt.channel,
    token: attempt.token,
    amount_minor: attempt.price.minor,
    currency: attempt.price.currency,
    status: attempt.status,
    charge_before: attempt.chargeBefore,
    provider_charge_id: attempt.providerChargeId,
    failure_code: attempt.failureCode,
    captured_minor: attempt.captured?.minor ?? null,
    captured_currency: attempt.captured?.currency ?? null,
    refunded_minor: attempt.refundedMinor,
    surplus: attempt.surplus,
    created_at: attempt.createdAt,
    settled_at: attempt.settledAt,
  };
}

export function refundOf(row: RefundRow): Refund {
  return {
    id: row.id,
    attemptId: row.attempt_id,
    amount: { minor: row.amount_minor, currency: row.currency },
    reason: row.reason,
    status: row.status,
    providerRefundId: row.provider_refund_id,
    createdAt: row.created_at,
    settledAt: row.settled_at,
  };
}

export function refundRecord(refund: Owned<Refund>) {
  return {
    id: refund.id,
    order_id: refund.orderId,
    attempt_id: refund.attemptId,
    amount_minor: refund.amount.minor,
    currency: refund.amount.currency,
    reason: refund.reason,
    status: refund.status,
    provider_refund_id: refund.providerRefundId,
    created_at: refund.createdAt,
    settled_at: refund.settledAt,
  };
}

function money(minor: number | null, currency: string | null): Payment['price'] {
  return minor === null || currency === null ? null : { minor, currency };
}
