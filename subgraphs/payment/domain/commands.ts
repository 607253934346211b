/** What can be asked of a payment, what comes of it, and why it may be refused. */
import type { AttemptStatus, PaymentStatus } from './states.ts';
import type { Attempt, ChannelName, Closing, Money, Origin, Refund } from './payment.ts';

/** What a provider says of a charge. `pending` means: wait. */
export type ChargeOutcome =
  | { readonly kind: 'pending'; readonly chargeId: string }
  | { readonly kind: 'captured'; readonly chargeId: string; readonly amount: Money }
  | { readonly kind: 'declined'; readonly chargeId: string | null; readonly failureCode: string }
  | { readonly kind: 'voided'; readonly chargeId: string | null };

export type FinalOutcome = Exclude<ChargeOutcome, { kind: 'pending' }>;

export type NewAttempt = {
  readonly id: string;
  readonly channel: ChannelName;
  readonly token: string;
};

type Party = {
  /** The payment's identifier, should it be new. */
  readonly paymentId: string;
  readonly orderId: string;
  readonly customerId: string;
};

export type PaymentCommand =
  | (Party & {
      readonly kind: 'Reserve';
      readonly price: Money;
      readonly holdExpiresAt: Date;
      readonly attempt: NewAttempt;
      readonly origin: Origin;
      readonly at: Date;
    })
  | (Party & {
      readonly kind: 'Close';
      readonly closing: Closing;
      readonly origin: Origin;
      readonly at: Date;
    })
  | {
      readonly kind: 'Pay';
      readonly attempt: NewAttempt;
      readonly origin: Origin;
      readonly at: Date;
    }
  | {
      readonly kind: 'RecordCharge';
      readonly attemptId: string;
      readonly outcome: FinalOutcome;
      readonly at: Date;
    }
  | {
      readonly kind: 'RecordRefund';
      readonly refundId: string;
      readonly providerRefundId: string;
      readonly at: Date;
    };

export type PaymentEvent =
  | (Party & {
      readonly kind: 'PaymentOpened';
      readonly price: Money | null;
      readonly holdExpiresAt: Date | null;
      readonly origin: Origin;
      readonly at: Date;
    })
  | {
      readonly kind: 'AttemptStarted';
      readonly attempt: Attempt;
      readonly origin: Origin;
      readonly at: Date;
    }
  | {
      readonly kind: 'ClosingBegun';
      readonly closing: Closing;
      readonly origin: Origin;
      readonly at: Date;
    }
  | {
      readonly kind: 'AttemptMoved';
      readonly attemptId: string;
      readonly to: Exclude<AttemptStatus, 'PENDING'>;
      readonly chargeId: string | null;
      readonly failureCode: string | null;
      readonly captured: Money | null;
      readonly surplus: boolean;
      readonly at: Date;
    }
  | { readonly kind: 'RefundStarted'; readonly refund: Refund; readonly at: Date }
  | {
      readonly kind: 'RefundSucceeded';
      readonly refundId: string;
      readonly providerRefundId: string;
      readonly at: Date;
    }
  /** `attemptId` is the attempt that moved it, null if it was not one. */
  | {
      readonly kind: 'PaymentMoved';
      readonly to: PaymentStatus;
      readonly attemptId: string | null;
      readonly at: Date;
    }
  | {
      readonly kind: 'PaymentClosed';
      readonly outcome: 'NONE' | 'VOIDED' | 'REFUNDED';
      readonly at: Date;
    };

/** `OTHER_CHARGE`: the provider speaks of a charge that is not the attempt's. */
export type Refusal = 'INVALID_TRANSITION' | 'HOLD_EXPIRED' | 'UNKNOWN' | 'OTHER_CHARGE';

/** No events: nothing changes. */
export type Decision =
  | { readonly kind: 'accepted'; readonly events: readonly PaymentEvent[] }
  | { readonly kind: 'refused'; readonly reason: Refusal };
