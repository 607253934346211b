import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  applyToCharge,
  chargeTransitions,
  refundableMinor,
  settleRefund,
  withRefund,
  type Charge,
  type ChargeCommand,
  type ChargeStatus,
  type Refund,
} from './domain.ts';
import { isToken, tokenBehaviours, type Token } from './tokens.ts';

const aCharge = (overrides: Partial<Charge> = {}): Charge => ({
  id: 'ch_1',
  object: 'charge',
  status: 'pending',
  amount: 1000,
  amountCaptured: 0,
  amountRefunded: 0,
  currency: 'GBP',
  failureCode: null,
  source: 'tok_ok',
  metadata: {},
  created: 1,
  settled: null,
  idempotencyKey: 'k',
  refunds: [],
  ...overrides,
});

const aRefund = (id: string, amount: number): Refund => ({
  id,
  object: 'refund',
  charge: 'ch_1',
  status: 'pending',
  amount,
  currency: 'GBP',
  metadata: {},
  created: 1,
  settled: null,
  idempotencyKey: id,
});

const statuses: readonly ChargeStatus[] = ['pending', 'succeeded', 'failed', 'canceled'];
const commands: readonly ChargeCommand[] = ['succeed', 'decline', 'cancel'];

test.each(statuses.flatMap((status) => commands.map((command) => [status, command] as const)))(
  'a %s charge told to %s does what the table says and nothing else',
  (status, command) => {
    const before = aCharge({ status });
    const next = chargeTransitions[status][command];
    const stays = next === 'unchanged' || next === 'refused';
    const after = applyToCharge(before, command, 7);
    expect(after === before).toBe(stays);
    expect(after).toMatchObject(stays ? { status, settled: null } : { status: next, settled: 7 });
  },
);

test('only a pending charge ever moves, so an outcome is final', () => {
  const moves = statuses.filter((status) =>
    commands.some((command) => applyToCharge(aCharge({ status }), command, 7).status !== status),
  );
  expect(moves).toEqual(['pending']);
});

test('a decline says why and captures nothing', () => {
  expect(applyToCharge(aCharge(), 'decline', 7)).toMatchObject({
    failureCode: 'card_declined',
    amountCaptured: 0,
  });
});

test('only the token for wrong amounts captures less than was asked for', () => {
  const short = Object.keys(tokenBehaviours)
    .filter(isToken)
    .filter(
      (source: Token) => applyToCharge(aCharge({ source }), 'succeed', 7).amountCaptured !== 1000,
    );
  expect(short).toEqual(['tok_wrong_amount']);
});

test('a refund paid twice counts once', () => {
  const charge = withRefund(
    aCharge({ status: 'succeeded', amountCaptured: 1000 }),
    aRefund('re_1', 300),
  );
  const once = settleRefund(charge, 're_1', 8);
  expect(once.amountRefunded).toBe(300);
  expect(settleRefund(once, 're_1', 9)).toBe(once);
});

test('refunds never exceed the capture, whatever the order of operations', () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constantFrom(...commands) }),
    fc.record({ kind: fc.constant('refund' as const), amount: fc.integer({ min: 1, max: 1500 }) }),
    fc.record({ kind: fc.constant('settle' as const), index: fc.nat(10) }),
  );
  const source = fc.constantFrom<Token>('tok_ok', 'tok_wrong_amount');
  fc.assert(
    fc.property(source, fc.array(operation, { maxLength: 40 }), (token, operations) => {
      let charge = aCharge({ source: token });
      for (const [step, each] of operations.entries()) {
        if (each.kind === 'refund') {
          if (each.amount <= refundableMinor(charge))
            charge = withRefund(charge, aRefund(`re_${step}`, each.amount));
        } else if (each.kind === 'settle') {
          charge = settleRefund(charge, charge.refunds[each.index]?.id ?? '', step);
        } else {
          charge = applyToCharge(charge, each.kind, step);
        }
        const asked = charge.refunds.reduce((sum, refund) => sum + refund.amount, 0);
        expect(charge.amountRefunded).toBeLessThanOrEqual(asked);
        expect(asked).toBeLessThanOrEqual(charge.amountCaptured);
        expect(charge.amountCaptured).toBeLessThanOrEqual(charge.amount);
        expect(refundableMinor(charge)).toBe(charge.amountCaptured - asked);
      }
    }),
  );
});
