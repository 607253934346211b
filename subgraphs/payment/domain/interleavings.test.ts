/** Whatever happens in whatever order: a provider and a worker as a model, commands at random, promises at the end. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { unsound } from '../testing/unsound.ts';
import type { FinalOutcome, PaymentCommand, PaymentEvent } from './commands.ts';
import { decide } from './decide.ts';
import { evolveAll } from './evolve.ts';
import type { Payment } from './payment.ts';

const at = new Date('2026-11-22T17:30:00Z');
const holdExpiresAt = new Date('2026-11-22T17:45:00Z');
const origin = { correlationId: 'c', causationId: null };
const price = { minor: 1250, currency: 'GBP' };
const party = { paymentId: 'pay_1', orderId: 'ord_1', customerId: 'alice' };

type Step =
  | { readonly kind: 'reserve' }
  | { readonly kind: 'contact' }
  | { readonly kind: 'pay'; readonly number: number }
  | { readonly kind: 'close'; readonly closing: 'EXPIRED' | 'CANCELLED' }
  | { readonly kind: 'outcome'; readonly attempt: number; readonly outcome: FinalOutcome }
  | { readonly kind: 'refunded'; readonly attempt: number };

const attempt = fc.integer({ min: 1, max: 3 });
const outcome = fc.constantFrom<FinalOutcome>(
  { kind: 'captured', chargeId: 'ch', amount: price },
  { kind: 'captured', chargeId: 'ch', amount: { minor: 1249, currency: 'GBP' } },
  { kind: 'captured', chargeId: 'ch', amount: { minor: 1250, currency: 'EUR' } },
  { kind: 'declined', chargeId: 'ch', failureCode: 'card_declined' },
  { kind: 'voided', chargeId: 'ch' },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant({ kind: 'reserve' as const }),
  fc.constant({ kind: 'contact' as const }),
  fc.record({ kind: fc.constant('pay' as const), number: fc.integer({ min: 2, max: 3 }) }),
  fc.record({
    kind: fc.constant('close' as const),
    closing: fc.constantFrom('EXPIRED' as const, 'CANCELLED' as const),
  }),
  fc.record({ kind: fc.constant('outcome' as const), attempt, outcome }),
  fc.record({ kind: fc.constant('refunded' as const), attempt }),
);

function commandOf(taken: Exclude<Step, { kind: 'contact' }>): PaymentCommand {
  switch (taken.kind) {
    case 'reserve':
      return { kind: 'Reserve', ...party, price, holdExpiresAt, attempt: means(1), origin, at };
    case 'pay':
      return { kind: 'Pay', attempt: means(taken.number), origin, at };
    case 'close':
      return { kind: 'Close', ...party, closing: taken.closing, origin, at };
    case 'outcome':
      return {
        kind: 'RecordCharge',
        attemptId: `att_${taken.attempt}`,
        outcome: taken.outcome,
        at,
      };
    case 'refunded':
      return { kind: 'RecordRefund', refundId: `ref_${taken.attempt}`, providerRefundId: 're', at };
  }
}

const means = (number: number) => {
  return { id: `att_${number}`, channel: 'SANDBOX' as const, token: 'tok_ok' };
};

function take(payment: Payment | undefined, taken: Step) {
  if (taken.kind === 'contact') {
    const attempts = payment?.attempts.map((it) => ({ ...it, contacted: true })) ?? [];
    return { payment: payment && { ...payment, attempts }, events: [] };
  }
  const known = payment?.attempts.map(({ id }) => id) ?? [];
  if (taken.kind === 'pay' && known.includes(`att_${taken.number}`)) return { payment, events: [] };
  const decision = decide(payment, commandOf(taken));
  if (decision.kind === 'refused') return { payment, events: [] };
  return { payment: evolveAll(payment, decision.events), events: decision.events };
}

function play(steps: readonly Step[]) {
  let payment: Payment | undefined;
  const events: PaymentEvent[] = [];
  const faults: string[] = [];
  for (const taken of steps) {
    const next = take(payment, taken);
    payment = next.payment;
    events.push(...next.events);
    faults.push(...unsound(payment));
  }
  return { payment, events, faults };
}

const runs = { numRuns: 3_000 };

test('in every order of events a payment is sound after each of them', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      expect(play(steps).faults).toEqual([]);
    }),
    runs,
  );
});

test('each attempt is captured at most once and refunded at most once, and the end is told at most once', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const { events } = play(steps);
      const once = events.flatMap((event) => {
        if (event.kind === 'AttemptMoved' && event.captured) return [`captured ${event.attemptId}`];
        if (event.kind === 'RefundSucceeded') return [`refunded ${event.refundId}`];
        return event.kind === 'PaymentClosed' ? ['closed'] : [];
      });
      expect(new Set(once).size).toBe(once.length);
    }),
    runs,
  );
});

test('saying everything twice changes nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
      const twice = steps.flatMap((taken) => [taken, taken]);
      expect(play(twice).payment).toEqual(play(steps).payment);
    }),
    runs,
  );
});

test('once an order has ended and everything open was answered, no money is held and that was told', () => {
  const ending: Step[] = [1, 2, 3].flatMap((number): Step[] => [
    { kind: 'outcome', attempt: number, outcome: { kind: 'voided', chargeId: 'ch' } },
    { kind: 'refunded', attempt: number },
  ]);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const { payment } = play([...steps, { kind: 'close', closing: 'CANCELLED' }, ...ending]);
      const held = payment?.attempts.map((it) => (it.captured?.minor ?? 0) - it.refundedMinor);
      expect(new Set(held ?? [])).toEqual(new Set(held?.length ? [0] : []));
      expect(payment?.closedAt).toEqual(at);
    }),
    runs,
  );
});
