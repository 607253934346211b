/** Events, outcomes, repetitions and crashes in random order, on a real database. */
import * as fc from 'fast-check';
import { afterEach, assert, beforeEach, expect, test } from 'vitest';
import type { FinalOutcome } from './domain/commands.ts';
import { leaseAttempts } from './store/work.ts';
import {
  attemptIdsOf,
  breaches,
  cancelling,
  expired,
  look,
  reserved,
  startPayment,
  type RunningPayment,
} from './testing/running-payment.ts';

let payment: RunningPayment;
beforeEach(async () => {
  payment = await startPayment({ working: false });
});
afterEach(async () => {
  const found = await breaches(payment);
  await payment.stop();
  assert.deepEqual(found, []);
});

type Step =
  | { readonly kind: 'reserved' | 'cancelling' | 'expired' | 'lease' | 'pay' }
  | { readonly kind: 'outcome'; readonly attempt: number; readonly outcome: FinalOutcome['kind'] }
  | { readonly kind: 'refunded' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      ...(['reserved', 'cancelling', 'expired', 'lease', 'pay', 'refunded'] as const),
    ),
  }),
  fc.record({
    kind: fc.constant('outcome' as const),
    attempt: fc.nat({ max: 2 }),
    outcome: fc.constantFrom('captured' as const, 'declined' as const, 'voided' as const),
  }),
);
const moment = fc.record({ step, twice: fc.boolean(), crash: fc.boolean() });

class Crash extends Error {}

async function play(order: ReturnType<typeof reserved>, taken: Step): Promise<void> {
  const { orderId } = order.data;
  switch (taken.kind) {
    case 'reserved':
      return payment.hear(order);
    case 'cancelling':
      return payment.hear(cancelling(orderId));
    case 'expired':
      return payment.hear(expired(orderId));
    case 'lease':
      return void (await leaseAttempts(payment.sql, { max: 10, leaseMs: 60_000 }));
    case 'pay':
      return void (await payment.payments.payOrder({
        caller: 'alice',
        idempotencyKey: crypto.randomUUID(),
        orderId,
        payment: { channel: 'SANDBOX', token: 'tok_ok' },
        origin: { correlationId: 'c', causationId: null },
      }));
    case 'refunded':
      return void (await payment.payments.settleNow(
        (await attemptIdsOf(payment, orderId)).map((id) => {
          const refundId = id.replace('att', 'ref');
          return { kind: 'refund', refundId, providerRefundId: `re_${refundId}` };
        }),
      ));
    case 'outcome': {
      const attemptId = (await attemptIdsOf(payment, orderId))[taken.attempt] ?? 'none';
      await payment.payments.settleNow([
        { kind: 'charge', attemptId, outcome: outcomeOf(attemptId, taken.outcome) },
      ]);
    }
  }
}

function outcomeOf(attemptId: string, kind: FinalOutcome['kind']): FinalOutcome {
  const chargeId = `ch_${attemptId}`;
  if (kind === 'captured') return { kind, chargeId, amount: { minor: 1250, currency: 'GBP' } };
  return kind === 'declined'
    ? { kind, chargeId, failureCode: 'card_declined' }
    : { kind, chargeId };
}

/** A transaction that did everything and did not commit. */
async function playAndCrash(order: ReturnType<typeof reserved>): Promise<void> {
  const facts = (await attemptIdsOf(payment, order.data.orderId)).map((attemptId) => {
    return { kind: 'charge' as const, attemptId, outcome: outcomeOf(attemptId, 'captured') };
  });
  const crashed = payment.sql.begin(async (tx) => {
    await payment.payments.settle(tx, facts);
    throw new Crash();
  });
  await expect(crashed).rejects.toThrow(Crash);
}

test('in every interleaving of events, outcomes, repetitions and crashes the invariants hold', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(moment, { maxLength: 12 }), async (moments) => {
      const order = reserved();
      for (const { step: taken, twice, crash } of moments) {
        await play(order, taken);
        if (twice) await play(order, taken);
        if (crash) await playAndCrash(order);
      }
      expect(await breaches(payment)).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

/** A collision rolls back and is tried again, as the inbox does. */
async function hearBatches(...batches: Parameters<typeof payment.hear>[]): Promise<void> {
  for (const batch of batches) await payment.hear(...batch).catch(() => payment.hear(...batch));
}

test('three consumers at once, each in another order, make one payment and one end', async () => {
  const orders = Array.from({ length: 20 }, () => reserved());
  const ids = orders.map(({ data }) => data.orderId);
  await Promise.all([
    hearBatches(orders),
    hearBatches(
      orders.toReversed(),
      ids.map((id) => cancelling(id)),
    ),
    hearBatches(ids.map((id) => cancelling(id))),
  ]);
  const looks = await Promise.all(ids.map((id) => look(payment, id)));
  expect(new Set(looks.map(({ status }) => status))).toEqual(new Set(['VOIDED']));
});
