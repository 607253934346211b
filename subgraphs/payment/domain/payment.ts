/** A payment as a value: what the decisions are made on. Amounts are minor units. */
import type {
  AttemptState,
  AttemptStatus,
  PaymentState,
  PaymentStatus,
  RefundStatus,
} from './states.ts';

export type Money = { readonly minor: number; readonly currency: string };

export type ChannelName = 'SANDBOX';

/** How the order ended. */
export type Closing = 'EXPIRED' | 'CANCELLED';

export type RefundReason = 'ORDER_EXPIRED' | 'ORDER_CANCELLED' | 'SURPLUS_CAPTURE';

/** What events about the payment inherit: that which last asked something of it. */
export type Origin = {
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly traceparent?: string | undefined;
};

export type Attempt = {
  /** Also the idempotency key at the provider. */
  readonly id: string;
  readonly number: number;
  readonly channel: ChannelName;
  /** The provider's token; gone once the attempt is settled. */
  readonly token: string | null;
  readonly price: Money;
  readonly status: AttemptStatus;
  /** Whether the provider may have heard of it. */
  readonly contacted: boolean;
  /** No first contact with the provider from this instant on. */
  readonly chargeBefore: Date;
  readonly providerChargeId: string | null;
  readonly failureCode: string | null;
  readonly captured: Money | null;
  /** Captured though a later attempt had taken its place: goes back at once. */
  readonly surplus: boolean;
  readonly refundedMinor: number;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
};

export type Refund = {
  /** Also the idempotency key at the provider. */
  readonly id: string;
  readonly attemptId: string;
  readonly amount: Money;
  readonly reason: RefundReason;
  readonly status: RefundStatus;
  readonly providerRefundId: string | null;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
};

export type Payment = {
  readonly id: string;
  readonly orderId: string;
  readonly customerId: string;
  /** Null where the order ended before its stock was held: a tombstone, never to be charged. */
  readonly price: Money | null;
  readonly holdExpiresAt: Date | null;
  readonly status: PaymentStatus;
  readonly closing: Closing | null;
  /** When it was told that no money is held and none will be. */
  readonly closedAt: Date | null;
  readonly origin: Origin;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
  /** Oldest first. */
  readonly refunds: readonly Refund[];
};

export function paymentState(payment: Payment | undefined): PaymentState {
  if (!payment) return 'NONE';
  return payment.status === 'PENDING' && payment.closing ? 'WITHDRAWING' : payment.status;
}

export function attemptState(attempt: Attempt): AttemptState {
  return attempt.status === 'PENDING' && !attempt.contacted ? 'QUEUED' : attempt.status;
}

/** Where an ended payment stands: a matter of its money alone. */
export function endedStatus(payment: Payment): 'REFUNDING' | 'REFUNDED' | 'VOIDED' {
  if (payment.refunds.some(({ status }) => status === 'PENDING')) return 'REFUNDING';
  return payment.refunds.length > 0 ? 'REFUNDED' : 'VOIDED';
}

/** One refund per attempt, by construction: its identifier is the attempt's, under another prefix. */
export function refundIdOf(attemptId: string): string {
  return attemptId.replace(/^att_/, 'ref_');
}
