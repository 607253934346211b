/** What a payment is after an event. */
import type { PaymentEvent } from './commands.ts';
import type { Attempt, Payment } from './payment.ts';

export function evolve(payment: Payment | undefined, event: PaymentEvent): Payment {
  if (event.kind === 'PaymentOpened') return opened(event);
  if (!payment) throw new Error(`${event.kind} happened to a payment that is not there`);
  const base = { ...payment, updatedAt: event.at };
  switch (event.kind) {
    case 'AttemptStarted': {
      const attempts = [...payment.attempts, event.attempt];
      return { ...base, attempts, status: 'PENDING', origin: event.origin };
    }
    case 'ClosingBegun':
      return { ...base, closing: event.closing, origin: event.origin };
    case 'AttemptMoved':
      return {
        ...base,
        attempts: replace(payment.attempts, event.attemptId, (it) => settled(it, event)),
      };
    case 'RefundStarted':
      return { ...base, refunds: [...payment.refunds, event.refund] };
    case 'RefundSucceeded':
      return refunded(base, event);
    case 'PaymentMoved':
      return { ...base, status: event.to };
    case 'PaymentClosed':
      return { ...base, closedAt: event.at };
  }
}

export function evolveAll(
  payment: Payment | undefined,
  events: readonly PaymentEvent[],
): Payment | undefined {
  return events.reduce<Payment | undefined>(evolve, payment);
}

function opened(event: Extract<PaymentEvent, { kind: 'PaymentOpened' }>): Payment {
  const { paymentId, orderId, customerId, price, holdExpiresAt, origin, at } = event;
  return {
    id: paymentId,
    orderId,
    customerId,
    price,
    holdExpiresAt,
    origin,
    status: 'PENDING',
    closing: null,
    closedAt: null,
    version: 0,
    createdAt: at,
    updatedAt: at,
    attempts: [],
    refunds: [],
  };
}

function settled(
  attempt: Attempt,
  event: Extract<PaymentEvent, { kind: 'AttemptMoved' }>,
): Attempt {
  if (event.to === 'WITHDRAWING') return { ...attempt, status: event.to };
  return {
    ...attempt,
    status: event.to,
    token: null,
    providerChargeId: event.chargeId ?? attempt.providerChargeId,
    failureCode: event.failureCode,
    captured: event.captured,
    surplus: event.surplus,
    settledAt: event.at,
  };
}

function refunded(
  payment: Payment,
  event: Extract<PaymentEvent, { kind: 'RefundSucceeded' }>,
): Payment {
  const refund = payment.refunds.find(({ id }) => id === event.refundId);
  if (!refund) throw new Error('A refund succeeded that was never started');
  const { providerRefundId, at } = event;
  return {
    ...payment,
    refunds: replace(payment.refunds, refund.id, (it) => {
      return { ...it, status: 'SUCCEEDED', providerRefundId, settledAt: at };
    }),
    attempts: replace(payment.attempts, refund.attemptId, (it) => {
      return { ...it, refundedMinor: it.refundedMinor + refund.amount.minor };
    }),
  };
}

function replace<T extends { readonly id: string }>(
  items: readonly T[],
  id: string,
  change: (item: T) => T,
): T[] {
  return items.map((item) => (item.id === id ? change(item) : item));
}
