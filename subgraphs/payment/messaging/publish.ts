/** Which events the rest of the system hears: payment's own events, translated, into the outbox. */
import type { Transaction } from '@ordergraph/platform/database.ts';
import { newId } from '@ordergraph/platform/ids.ts';
import { appendToOutbox } from '@ordergraph/platform/outbox.ts';
import { createEvent, type EventEnvelope } from '@ordergraph/schema/events/envelope.ts';
import {
  paymentCaptured,
  paymentClosed,
  paymentDeclined,
  paymentMismatched,
} from '@ordergraph/schema/events/payment.ts';
import type { Change } from '../domain/batch.ts';
import type { PaymentEvent } from '../domain/commands.ts';
import type { Payment } from '../domain/payment.ts';

/** Call it while the payments are locked: a subject's events then follow its history. */
export async function publish(tx: Transaction, changes: readonly Change[]): Promise<void> {
  const events = changes.flatMap(({ after, events: happened }) =>
    happened.flatMap((event) => integrationEvent(after, event) ?? []),
  );
  await appendToOutbox(tx, events);
}

function integrationEvent(payment: Payment, event: PaymentEvent): EventEnvelope | undefined {
  if (event.kind === 'PaymentMoved') return movedEvent(payment, event);
  if (event.kind !== 'PaymentClosed') return undefined;
  const { orderId } = payment;
  return createEvent(paymentClosed, {
    ...envelopeOf(payment, event.at),
    data: { orderId, outcome: event.outcome },
  });
}

function movedEvent(
  payment: Payment,
  { to, attemptId, at }: Extract<PaymentEvent, { kind: 'PaymentMoved' }>,
): EventEnvelope | undefined {
  const attempt = payment.attempts.find(({ id }) => id === attemptId);
  if (!attempt) return undefined;
  const { orderId } = payment;
  const envelope = envelopeOf(payment, at);
  const subject = { orderId, attemptId: attempt.id };
  if (to === 'DECLINED') {
    const failureCode = attempt.failureCode ?? 'declined';
    return createEvent(paymentDeclined, { ...envelope, data: { ...subject, failureCode } });
  }
  if (!attempt.captured) return undefined;
  const { minor, currency } = attempt.captured;
  if (to === 'CAPTURED') {
    const { channel } = attempt;
    return createEvent(paymentCaptured, {
      ...envelope,
      data: { ...subject, channel, amountMinor: minor, currency },
    });
  }
  if (to !== 'MISMATCHED') return undefined;
  return createEvent(paymentMismatched, {
    ...envelope,
    data: {
      ...subject,
      expectedMinor: attempt.price.minor,
      expectedCurrency: attempt.price.currency,
      capturedMinor: minor,
      capturedCurrency: currency,
    },
  });
}

function envelopeOf({ orderId, origin }: Payment, time: Date) {
  return { id: newId('evt'), subject: orderId, time, cause: origin };
}
