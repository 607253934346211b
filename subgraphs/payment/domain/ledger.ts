/** What the movements of money of a change come to in the books. */
import type { Change } from './batch.ts';
import type { PaymentEvent } from './commands.ts';
import type { Money, Payment } from './payment.ts';

/** One transaction of two entries: `debit` gains what `credit` gives. */
export type Booking = {
  readonly kind: 'CAPTURE' | 'REFUND';
  /** The attempt captured or the refund paid: each is booked once. */
  readonly reference: string;
  readonly orderId: string;
  readonly debit: string;
  readonly credit: string;
  readonly amount: Money;
  readonly at: Date;
};

const salesAccount = 'sales';

export function bookingsOf({ after, events }: Change): Booking[] {
  return events.flatMap((event) => bookingOf(after, event) ?? []);
}

function bookingOf(payment: Payment, event: PaymentEvent): Booking | undefined {
  const { orderId } = payment;
  if (event.kind === 'AttemptMoved' && event.captured && event.captured.minor > 0) {
    const debit = providerAccount(payment, event.attemptId);
    return {
      kind: 'CAPTURE',
      reference: event.attemptId,
      orderId,
      debit,
      credit: salesAccount,
      amount: event.captured,
      at: event.at,
    };
  }
  if (event.kind !== 'RefundSucceeded') return undefined;
  const refund = payment.refunds.find(({ id }) => id === event.refundId);
  if (!refund) return undefined;
  const credit = providerAccount(payment, refund.attemptId);
  return {
    kind: 'REFUND',
    reference: refund.id,
    orderId,
    debit: salesAccount,
    credit,
    amount: refund.amount,
    at: event.at,
  };
}

function providerAccount(payment: Payment, attemptId: string): string {
  const attempt = payment.attempts.find(({ id }) => id === attemptId);
  return `provider:${attempt?.channel.toLowerCase() ?? 'unknown'}`;
}
