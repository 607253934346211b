/** Decides what a command comes to, by the tables in states.ts. Pure: instants and identifiers come with the command. */
import type { Decision, FinalOutcome, PaymentCommand, PaymentEvent } from './commands.ts';
import { evolveAll } from './evolve.ts';
import { attemptMoved, newAttempt, reasonOf, refundStarted } from './occurrences.ts';
import {
  attemptState,
  endedStatus,
  paymentState,
  type Attempt,
  type Money,
  type Payment,
} from './payment.ts';
import {
  attemptTransitions,
  paymentTransitions,
  type AttemptTrigger,
  type PaymentStep,
  type PaymentTrigger,
} from './states.ts';

type CommandOf<K extends PaymentCommand['kind']> = Extract<PaymentCommand, { kind: K }>;

const unchanged: Decision = { kind: 'accepted', events: [] };

export function decide(payment: Payment | undefined, command: PaymentCommand): Decision {
  switch (command.kind) {
    case 'Reserve':
      return reserve(payment, command);
    case 'Pay':
      return pay(payment, command);
    case 'Close':
      return close(payment, command);
    case 'RecordCharge':
      return recordCharge(payment, command);
    case 'RecordRefund':
      return recordRefund(payment, command);
  }
}

function reserve(payment: Payment | undefined, command: CommandOf<'Reserve'>): Decision {
  if (step(payment, 'reserve') !== 'PENDING') return unchanged;
  const { paymentId, orderId, customerId, price, holdExpiresAt, origin, at } = command;
  const attempt = newAttempt(command.attempt, { price, holdExpiresAt, number: 1, at });
  const opened: PaymentEvent[] = [
    { kind: 'PaymentOpened', paymentId, orderId, customerId, price, holdExpiresAt, origin, at },
    { kind: 'AttemptStarted', attempt, origin, at },
  ];
  if (price.minor > 0) return { kind: 'accepted', events: opened };
  // There is nothing to charge for; no provider is asked.
  return {
    kind: 'accepted',
    events: [
      ...opened,
      attemptMoved(attempt.id, { to: 'CAPTURED', captured: price, at }),
      { kind: 'PaymentMoved', to: 'CAPTURED', attemptId: attempt.id, at },
    ],
  };
}

function pay(payment: Payment | undefined, command: CommandOf<'Pay'>): Decision {
  if (!payment) return { kind: 'refused', reason: 'UNKNOWN' };
  const { origin, at } = command;
  const { price, holdExpiresAt } = payment;
  if (step(payment, 'pay') !== 'PENDING' || !price || !holdExpiresAt) {
    return { kind: 'refused', reason: 'INVALID_TRANSITION' };
  }
  if (holdExpiresAt <= at) return { kind: 'refused', reason: 'HOLD_EXPIRED' };
  const number = payment.attempts.length + 1;
  const attempt = newAttempt(command.attempt, { price, holdExpiresAt, number, at });
  return { kind: 'accepted', events: [{ kind: 'AttemptStarted', attempt, origin, at }] };
}

function close(payment: Payment | undefined, command: CommandOf<'Close'>): Decision {
  const next = step(payment, 'close');
  if (next === 'same') return unchanged;
  const { paymentId, orderId, customerId, closing, origin, at } = command;
  const events: PaymentEvent[] = payment
    ? []
    : [
        {
          kind: 'PaymentOpened',
          paymentId,
          orderId,
          customerId,
          price: null,
          holdExpiresAt: null,
          origin,
          at,
        },
      ];
  events.push({ kind: 'ClosingBegun', closing, origin, at });
  const open = payment?.attempts.find(({ status }) => status === 'PENDING');
  const withdrawn = open && attemptTransitions[attemptState(open)].withdraw;
  if (open && withdrawn && withdrawn !== 'same')
    events.push(attemptMoved(open.id, { to: withdrawn, at }));
  for (const attempt of payment?.attempts ?? []) {
    if (owes(payment, attempt))
      events.push(refundStarted(attempt, { reason: reasonOf(closing), at }));
  }
  const ended = next === 'ended' || withdrawn === 'VOIDED';
  return { kind: 'accepted', events: ended ? ending(payment, events, at) : events };
}

/** Money outweighs words: a capture is believed even of an attempt that was given up, and then goes back. */
function recordCharge(payment: Payment | undefined, command: CommandOf<'RecordCharge'>): Decision {
  const attempt = payment?.attempts.find(({ id }) => id === command.attemptId);
  if (!payment || !attempt) return { kind: 'refused', reason: 'UNKNOWN' };
  const { outcome, at } = command;
  const known = attempt.providerChargeId;
  if (known && outcome.chargeId && known !== outcome.chargeId) {
    return { kind: 'refused', reason: 'OTHER_CHARGE' };
  }
  const to = attemptTransitions[attemptState(attempt)][attemptTriggers[outcome.kind]];
  if (to === 'same') return unchanged;
  const trigger = triggerOf(payment, attempt, outcome);
  const next = step(payment, trigger);
  if (next === 'refused') return { kind: 'refused', reason: 'INVALID_TRANSITION' };
  const surplus = trigger === 'captureSurplus';
  const captured = outcome.kind === 'captured' ? outcome.amount : null;
  const events: PaymentEvent[] = [
    attemptMoved(attempt.id, {
      to,
      captured,
      surplus,
      at,
      chargeId: outcome.chargeId,
      failureCode: failureOf(outcome),
    }),
  ];
  if (captured && captured.minor > 0 && (surplus || payment.closing)) {
    const reason = payment.closing ? reasonOf(payment.closing) : 'SURPLUS_CAPTURE';
    events.push(refundStarted({ id: attempt.id, captured }, { reason, at }));
  }
  if (next === 'ended') return { kind: 'accepted', events: ending(payment, events, at) };
  if (next !== 'same' && next !== 'WITHDRAWING') {
    events.push({ kind: 'PaymentMoved', to: next, attemptId: attempt.id, at });
  }
  return { kind: 'accepted', events };
}

function recordRefund(payment: Payment | undefined, command: CommandOf<'RecordRefund'>): Decision {
  const refund = payment?.refunds.find(({ id }) => id === command.refundId);
  if (!payment || !refund) return { kind: 'refused', reason: 'UNKNOWN' };
  if (refund.status === 'SUCCEEDED') return unchanged;
  const { refundId, providerRefundId, at } = command;
  const events: PaymentEvent[] = [{ kind: 'RefundSucceeded', refundId, providerRefundId, at }];
  const next = step(payment, 'refund');
  return { kind: 'accepted', events: next === 'ended' ? ending(payment, events, at) : events };
}

function step(payment: Payment | undefined, trigger: PaymentTrigger): PaymentStep {
  return paymentTransitions[paymentState(payment)][trigger];
}

const attemptTriggers = {
  captured: 'capture',
  declined: 'decline',
  voided: 'void',
} as const satisfies Record<FinalOutcome['kind'], AttemptTrigger>;

function triggerOf(payment: Payment, attempt: Attempt, outcome: FinalOutcome): PaymentTrigger {
  if (outcome.kind !== 'captured') return attemptTriggers[outcome.kind];
  if (payment.attempts.at(-1)?.id !== attempt.id) return 'captureSurplus';
  const { minor, currency } = outcome.amount;
  const exact = minor === attempt.price.minor && currency === attempt.price.currency;
  return exact ? 'capture' : 'captureOther';
}

function failureOf(outcome: FinalOutcome): string | null {
  if (outcome.kind === 'declined') return outcome.failureCode;
  return outcome.kind === 'voided' ? 'canceled' : null;
}

/** Adds to what has happened where it leaves an ended payment, and, the first time, that it is over. */
function ending(
  payment: Payment | undefined,
  events: readonly PaymentEvent[],
  at: Date,
): PaymentEvent[] {
  const after = evolveAll(payment, events);
  if (!after) return [...events];
  const to = endedStatus(after);
  const moves: PaymentEvent[] =
    to === payment?.status ? [] : [{ kind: 'PaymentMoved', to, attemptId: null, at }];
  if (to === 'REFUNDING' || after.closedAt) return [...events, ...moves];
  const outcome = after.price ? to : 'NONE';
  return [...events, ...moves, { kind: 'PaymentClosed', outcome, at }];
}

/** Whether captured money of the attempt is not yet on its way back. */
function owes(
  payment: Payment | undefined,
  attempt: Attempt,
): attempt is Attempt & { captured: Money } {
  if (!attempt.captured || attempt.captured.minor === 0) return false;
  return !payment?.refunds.some(({ attemptId }) => attemptId === attempt.id);
}
