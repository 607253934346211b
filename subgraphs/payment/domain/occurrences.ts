/** Makes the events that decisions are made of. */
import type { NewAttempt, PaymentEvent } from './commands.ts';
import {
  refundIdOf,
  type Attempt,
  type Closing,
  type Money,
  type Refund,
  type RefundReason,
} from './payment.ts';

/** A refund of all that an attempt captured. */
export function refundStarted(
  attempt: { id: string; captured: Money },
  { reason, at }: { reason: RefundReason; at: Date },
): PaymentEvent {
  const refund: Refund = {
    id: refundIdOf(attempt.id),
    attemptId: attempt.id,
    amount: attempt.captured,
    reason,
    status: 'PENDING',
    providerRefundId: null,
    createdAt: at,
    settledAt: null,
  };
  return { kind: 'RefundStarted', refund, at };
}

export function reasonOf(closing: Closing): RefundReason {
  return closing === 'EXPIRED' ? 'ORDER_EXPIRED' : 'ORDER_CANCELLED';
}

type AttemptMoved = Extract<PaymentEvent, { kind: 'AttemptMoved' }>;

export function attemptMoved(
  attemptId: string,
  change: Pick<AttemptMoved, 'to' | 'at'> & Partial<AttemptMoved>,
): PaymentEvent {
  const nothing = { chargeId: null, failureCode: null, captured: null, surplus: false };
  return { ...nothing, ...change, kind: 'AttemptMoved', attemptId };
}

export function newAttempt(
  { id, channel, token }: NewAttempt,
  {
    price,
    holdExpiresAt,
    number,
    at,
  }: { price: Money; holdExpiresAt: Date; number: number; at: Date },
): Attempt {
  return {
    id,
    number,
    channel,
    token,
    price,
    status: 'PENDING',
    contacted: false,
    chargeBefore: holdExpiresAt,
    providerChargeId: null,
    failureCode: null,
    captured: null,
    surplus: false,
    refundedMinor: 0,
    createdAt: at,
    settledAt: null,
  };
}
