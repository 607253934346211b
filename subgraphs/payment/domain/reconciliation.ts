/** Compares our attempts with a provider's journal, as a full outer join: what is on one side only, or stands otherwise. */
import type { AttemptStatus } from './states.ts';
import type { Money } from './payment.ts';

/** An attempt as we have it. */
export type OurCharge = {
  readonly attemptId: string;
  readonly status: AttemptStatus;
  readonly captured: Money | null;
  readonly refundedMinor: number;
  /** Whether a refund is still under way. */
  readonly refunding: boolean;
  /** When it, or a refund of it, last changed. */
  readonly changedAt: Date;
};

/** A charge as the provider has it. */
export type TheirCharge = {
  readonly chargeId: string;
  readonly attemptId: string;
  readonly status: 'pending' | 'captured' | 'declined' | 'voided';
  readonly captured: Money;
  readonly refundedMinor: number;
  /** When it, or a refund of it, last changed. */
  readonly changedAt: Date;
};

export type Difference = {
  readonly kind: 'ONLY_OURS' | 'ONLY_THEIRS' | 'CHARGED_TWICE' | 'STATE' | 'AMOUNT' | 'REFUND';
  readonly attemptId: string;
  readonly chargeId: string | null;
  readonly ours: string;
  readonly theirs: string;
};

/** What is younger than `since` is still on its way and not compared. */
export function compareJournals(
  ours: readonly OurCharge[],
  theirs: readonly TheirCharge[],
  since: Date,
): Difference[] {
  const charges = Map.groupBy(theirs, ({ attemptId }) => attemptId);
  const attempts = new Map(ours.map((attempt) => [attempt.attemptId, attempt]));
  const compared = ours.flatMap((attempt) => {
    const found = charges.get(attempt.attemptId) ?? [];
    const settled = [attempt, ...found].every(({ changedAt }) => changedAt < since);
    return settled ? compare(attempt, found) : [];
  });
  const strangers = theirs
    .filter(({ attemptId, changedAt }) => !attempts.has(attemptId) && changedAt < since)
    .map((charge) => difference('ONLY_THEIRS', undefined, charge));
  return [...compared, ...strangers];
}

function compare(attempt: OurCharge, charges: readonly TheirCharge[]): Difference[] {
  const [charge, ...more] = charges;
  if (!charge) {
    const absent = attempt.captured !== null && attempt.captured.minor > 0;
    return absent ? [difference('ONLY_OURS', attempt, undefined)] : [];
  }
  const twice = more.map((other) => difference('CHARGED_TWICE', attempt, other));
  return [...twice, ...compareOne(attempt, charge)];
}

function compareOne(attempt: OurCharge, charge: TheirCharge): Difference[] {
  if (!statesAgree[attempt.status].includes(charge.status)) {
    return [difference('STATE', attempt, charge)];
  }
  const found: Difference[] = [];
  const { captured } = attempt;
  if (captured && !sameMoney(captured, charge.captured)) {
    found.push(difference('AMOUNT', attempt, charge));
  }
  if (attempt.refundedMinor !== charge.refundedMinor && !attempt.refunding) {
    found.push(difference('REFUND', attempt, charge));
  }
  return found;
}

/** A declined attempt was refused at once, so there is no charge; or the provider voided it of itself. */
const statesAgree: Readonly<Record<AttemptStatus, readonly TheirCharge['status'][]>> = {
  PENDING: ['pending'],
  WITHDRAWING: ['pending'],
  CAPTURED: ['captured'],
  DECLINED: ['declined'],
  VOIDED: ['voided'],
};

function sameMoney(a: Money, b: Money): boolean {
  return a.minor === b.minor && a.currency === b.currency;
}

function difference(
  kind: Difference['kind'],
  attempt: OurCharge | undefined,
  charge: TheirCharge | undefined,
): Difference {
  return {
    kind,
    attemptId: attempt?.attemptId ?? charge?.attemptId ?? '',
    chargeId: charge?.chargeId ?? null,
    ours: attempt
      ? `${attempt.status} ${amount(attempt.captured)}, ${attempt.refundedMinor} refunded`
      : 'nothing',
    theirs: charge
      ? `${charge.status} ${amount(charge.captured)}, ${charge.refundedMinor} refunded`
      : 'nothing',
  };
}

function amount(money: Money | null): string {
  return money ? `${money.minor} ${money.currency}` : '0';
}
