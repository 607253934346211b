import { expect, test } from 'vitest';
import { unsound } from '../testing/unsound.ts';
import { decideBatch } from './batch.ts';
import type { FinalOutcome, PaymentCommand } from './commands.ts';
import { decide } from './decide.ts';
import { evolveAll } from './evolve.ts';
import { paymentState, type Attempt, type Payment } from './payment.ts';
import {
  attemptTransitions,
  paymentTransitions,
  type AttemptState,
  type AttemptTrigger,
  type PaymentState,
  type PaymentStep,
  type PaymentTrigger,
} from './states.ts';

const at = new Date('2026-11-22T17:30:00Z');
const holdExpiresAt = new Date('2026-11-22T17:45:00Z');
const origin = { correlationId: 'c', causationId: null };
const price = { minor: 1250, currency: 'GBP' };
const party = { paymentId: 'pay_1', orderId: 'ord_1', customerId: 'alice' };
const token = 'tok_ok';

const reserve: PaymentCommand = {
  kind: 'Reserve',
  ...party,
  price,
  holdExpiresAt,
  origin,
  at,
  attempt: { id: 'att_1', channel: 'SANDBOX', token },
};
const pay = {
  kind: 'Pay',
  origin,
  at,
  attempt: { id: 'att_2', channel: 'SANDBOX', token },
} as const satisfies PaymentCommand;
const close: PaymentCommand = { kind: 'Close', ...party, closing: 'CANCELLED', origin, at };
const outcome = (attemptId: string, result: FinalOutcome): PaymentCommand => {
  return { kind: 'RecordCharge', attemptId, outcome: result, at };
};
const captured = (minor = 1250, currency = 'GBP'): FinalOutcome => {
  return { kind: 'captured', chargeId: 'ch_1', amount: { minor, currency } };
};
const declined: FinalOutcome = { kind: 'declined', chargeId: null, failureCode: 'card_declined' };
const voided: FinalOutcome = { kind: 'voided', chargeId: null };
const refundOf = (refundId: string): PaymentCommand => {
  return { kind: 'RecordRefund', refundId, providerRefundId: `re_${refundId}`, at };
};

/** The provider has heard of every attempt: what the worker does between commands. */
function contact(payment: Payment | undefined): Payment | undefined {
  if (!payment) return undefined;
  const attempts = payment.attempts.map((it): Attempt => ({ ...it, contacted: true }));
  return { ...payment, attempts };
}

function paymentAfter(...commands: PaymentCommand[]): Payment | undefined {
  return commands.reduce<Payment | undefined>((payment, command) => {
    const decision = decide(payment, command);
    if (decision.kind === 'refused') throw new Error(`${command.kind}: ${decision.reason}`);
    return contact(evolveAll(payment, decision.events));
  }, undefined);
}

/** A payment in each state whose latest attempt is att_2, after att_1 was declined; so captures can be surplus. */
const declinedTwice = [reserve, outcome('att_1', declined), pay, outcome('att_2', declined)];
const pendingAgain = [reserve, outcome('att_1', declined), pay];
const states: Record<PaymentState, () => Payment | undefined> = {
  NONE: () => undefined,
  PENDING: () => paymentAfter(...pendingAgain),
  DECLINED: () => paymentAfter(...declinedTwice),
  CAPTURED: () => paymentAfter(...pendingAgain, outcome('att_2', captured())),
  MISMATCHED: () => paymentAfter(...pendingAgain, outcome('att_2', captured(1249))),
  WITHDRAWING: () => paymentAfter(...pendingAgain, close),
  REFUNDING: () => paymentAfter(...pendingAgain, outcome('att_2', captured()), close),
  REFUNDED: () =>
    paymentAfter(...pendingAgain, outcome('att_2', captured()), close, refundOf('ref_2')),
  VOIDED: () => paymentAfter(...declinedTwice, close),
};

const commands: Record<PaymentTrigger, PaymentCommand> = {
  reserve,
  pay: { ...pay, attempt: { id: 'att_3', channel: 'SANDBOX', token } },
  close,
  capture: outcome('att_2', captured()),
  captureOther: outcome('att_2', captured(1249)),
  captureSurplus: outcome('att_1', captured()),
  decline: outcome('att_2', declined),
  void: outcome('att_2', voided),
  refund: refundOf('ref_2'),
};

/** What `ended` comes to in these payments; REFUNDED × capture is of an attempt that is captured already. */
const ends: Partial<Record<PaymentState, Partial<Record<PaymentTrigger, PaymentState>>>> = {
  NONE: { close: 'VOIDED' },
  DECLINED: { close: 'VOIDED' },
  CAPTURED: { close: 'REFUNDING' },
  MISMATCHED: { close: 'REFUNDING' },
  WITHDRAWING: {
    capture: 'REFUNDING',
    captureOther: 'REFUNDING',
    decline: 'VOIDED',
    void: 'VOIDED',
  },
  REFUNDING: {
    capture: 'REFUNDING',
    captureOther: 'REFUNDING',
    captureSurplus: 'REFUNDING',
    refund: 'REFUNDED',
  },
  REFUNDED: { capture: 'REFUNDED', captureOther: 'REFUNDED', captureSurplus: 'REFUNDING' },
  VOIDED: { capture: 'REFUNDING', captureOther: 'REFUNDING', captureSurplus: 'REFUNDING' },
};

function expected(state: PaymentState, trigger: PaymentTrigger): PaymentState | 'refused' {
  // There is no refund to speak of before one was started, whatever the table says of the state.
  if (trigger === 'refund' && !states[state]()?.refunds.length) return 'refused';
  const step: PaymentStep = paymentTransitions[state][trigger];
  if (step === 'ended') return ends[state]?.[trigger] ?? 'NONE';
  return step === 'same' ? state : step;
}

const stateNames: PaymentState[] = [
  'NONE',
  'PENDING',
  'DECLINED',
  'CAPTURED',
  'MISMATCHED',
  'WITHDRAWING',
  'REFUNDING',
  'REFUNDED',
  'VOIDED',
];
const triggerNames: PaymentTrigger[] = [
  'reserve',
  'pay',
  'close',
  'capture',
  'captureOther',
  'captureSurplus',
  'decline',
  'void',
  'refund',
];
const cells = stateNames.flatMap((state) =>
  triggerNames.map((trigger) => {
    return { state, trigger, next: expected(state, trigger) };
  }),
);

test('the table has every state and every trigger', () => {
  expect(Object.keys(paymentTransitions)).toEqual(stateNames);
  expect(cells).toHaveLength(9 * 9);
  expect(stateNames.map((state) => paymentState(states[state]()))).toEqual(stateNames);
});

test.each(cells)('$state × $trigger comes to $next', ({ state, trigger, next }) => {
  const payment = states[state]();
  const decision = decide(payment, commands[trigger]);
  const result = decision.kind === 'refused' ? payment : evolveAll(payment, decision.events);
  const reached = decision.kind === 'refused' ? 'refused' : paymentState(result);
  expect(reached).toBe(next);
  expect(unsound(result)).toEqual([]);
});

const attemptCommands: Record<AttemptTrigger, PaymentCommand> = {
  withdraw: close,
  capture: outcome('att_1', captured()),
  decline: outcome('att_1', declined),
  void: outcome('att_1', voided),
};
const attemptTriggers: AttemptTrigger[] = ['withdraw', 'capture', 'decline', 'void'];
const attemptNames: AttemptState[] = [
  'QUEUED',
  'PENDING',
  'WITHDRAWING',
  'DECLINED',
  'VOIDED',
  'CAPTURED',
];
const attemptSteps = attemptNames.flatMap((state) =>
  attemptTriggers.map((trigger) => ({ state, trigger, to: attemptTransitions[state][trigger] })),
);

const attemptOrigins: Record<AttemptState, () => Payment | undefined> = {
  QUEUED: () => evolveAll(undefined, eventsOf(undefined, reserve)),
  PENDING: () => paymentAfter(reserve),
  WITHDRAWING: () => paymentAfter(reserve, close),
  DECLINED: () => paymentAfter(reserve, outcome('att_1', declined)),
  VOIDED: () => paymentAfter(reserve, close, outcome('att_1', voided)),
  CAPTURED: () => paymentAfter(reserve, outcome('att_1', captured())),
};

function eventsOf(payment: Payment | undefined, command: PaymentCommand) {
  const decision = decide(payment, command);
  return decision.kind === 'accepted' ? decision.events : [];
}

test.each(attemptSteps)('an attempt $state × $trigger becomes $to', ({ state, trigger, to }) => {
  const payment = attemptOrigins[state]();
  const next = evolveAll(payment, eventsOf(payment, attemptCommands[trigger]));
  const before = payment?.attempts[0]?.status;
  expect(next?.attempts[0]?.status).toBe(to === 'same' ? before : to);
  expect(unsound(next)).toEqual([]);
});

test('an outcome of another charge than the attempt’s is refused', () => {
  const first: FinalOutcome = { kind: 'declined', chargeId: 'ch_1', failureCode: 'card_declined' };
  const other: FinalOutcome = { kind: 'captured', chargeId: 'ch_2', amount: price };
  const payment = paymentAfter(reserve, outcome('att_1', first));
  expect(decide(payment, outcome('att_1', other))).toEqual({
    kind: 'refused',
    reason: 'OTHER_CHARGE',
  });
});

test('a further attempt is refused once the hold has ended', () => {
  const payment = paymentAfter(reserve, outcome('att_1', declined));
  expect(decide(payment, { ...pay, at: holdExpiresAt })).toEqual({
    kind: 'refused',
    reason: 'HOLD_EXPIRED',
  });
});

test('a batch has each command see what those before it did', () => {
  const { changes, decisions } = decideBatch(new Map(), [
    { orderId: 'ord_1', command: reserve },
    { orderId: 'ord_1', command: close },
    { orderId: 'ord_1', command: reserve },
  ]);
  expect(decisions.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'accepted']);
  expect(changes).toHaveLength(1);
  expect(changes[0]?.after).toMatchObject({ status: 'VOIDED', version: 1 });
});
