import { tokenBehaviours, type Token } from './tokens.ts';

export type ChargeStatus = 'pending' | 'succeeded' | 'failed' | 'canceled';
export type ChargeCommand = 'succeed' | 'decline' | 'cancel';
export type Metadata = Readonly<Record<string, string>>;

/** A refund as clients see it. Amounts are minor units, times are Unix seconds. */
export type Refund = {
  readonly id: string;
  readonly object: 'refund';
  readonly charge: string;
  readonly status: 'pending' | 'succeeded';
  readonly amount: number;
  readonly currency: string;
  readonly metadata: Metadata;
  readonly created: number;
  readonly settled: number | null;
  readonly idempotencyKey: string;
};

/** A charge as clients see it. Amounts are minor units, times are Unix seconds. Values are never changed in place. */
export type Charge = {
  readonly id: string;
  readonly object: 'charge';
  readonly status: ChargeStatus;
  readonly amount: number;
  readonly amountCaptured: number;
  readonly amountRefunded: number;
  readonly currency: string;
  readonly failureCode: 'card_declined' | null;
  readonly source: Token;
  readonly metadata: Metadata;
  readonly created: number;
  readonly settled: number | null;
  readonly idempotencyKey: string;
  readonly refunds: readonly Refund[];
};

/** Every state × command: the next state, `unchanged` (asked twice, or overtaken), or `refused`. */
export const chargeTransitions = {
  pending: { succeed: 'succeeded', decline: 'failed', cancel: 'canceled' },
  succeeded: { succeed: 'unchanged', decline: 'unchanged', cancel: 'refused' },
  failed: { succeed: 'unchanged', decline: 'unchanged', cancel: 'unchanged' },
  canceled: { succeed: 'unchanged', decline: 'unchanged', cancel: 'unchanged' },
} as const satisfies Record<
  ChargeStatus,
  Record<ChargeCommand, ChargeStatus | 'unchanged' | 'refused'>
>;

/** The charge after the command; the very same object where the table says that nothing moves. */
export function applyToCharge(charge: Charge, command: ChargeCommand, atSeconds: number): Charge {
  const next = chargeTransitions[charge.status][command];
  switch (next) {
    case 'unchanged':
    case 'refused':
      return charge;
    case 'succeeded': {
      const amountCaptured = charge.amount - tokenBehaviours[charge.source].shortByMinor;
      return { ...charge, status: next, amountCaptured, settled: atSeconds };
    }
    case 'failed':
      return { ...charge, status: next, failureCode: 'card_declined', settled: atSeconds };
    case 'canceled':
      return { ...charge, status: next, settled: atSeconds };
    default:
      return next satisfies never;
  }
}

/** Minor units that a new refund may still take: what was captured less every refund asked for, settled or not. */
export const refundableMinor = (charge: Charge): number =>
  charge.refunds.reduce((left, refund) => left - refund.amount, charge.amountCaptured);

export const withRefund = (charge: Charge, refund: Refund): Charge => ({
  ...charge,
  refunds: [...charge.refunds, refund],
});

/** The charge with this refund paid out: only then does `amountRefunded` move. Paying twice changes nothing. */
export function settleRefund(charge: Charge, refundId: string, atSeconds: number): Charge {
  const refund = charge.refunds.find((candidate) => candidate.id === refundId);
  if (refund === undefined || refund.status === 'succeeded') return charge;
  return {
    ...charge,
    amountRefunded: charge.amountRefunded + refund.amount,
    refunds: charge.refunds.map((candidate) =>
      candidate.id === refundId
        ? { ...candidate, status: 'succeeded', settled: atSeconds }
        : candidate,
    ),
  };
}
