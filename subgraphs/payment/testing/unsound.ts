/** What is wrong with a payment, whatever happened to it before; nothing, if the domain keeps its promises. */
import type { Payment } from '../domain/payment.ts';

export function unsound(payment: Payment | undefined): string[] {
  if (!payment) return [];
  const { attempts, refunds, closing, closedAt, status } = payment;
  const kept = attempts.filter((attempt) => attempt.status === 'CAPTURED' && !attempt.surplus);
  const open = attempts.filter(({ settledAt }) => settledAt === null);
  const over = status === 'REFUNDED' || status === 'VOIDED';
  const rules: [string, boolean][] = [
    ['one capture is kept at most', kept.length <= 1],
    ['one attempt is open at most', open.length <= 1],
    ['an open attempt means PENDING', open.length === (status === 'PENDING' ? 1 : 0)],
    ['what is over was told to be over', !over || closedAt !== null],
    ['what is told to be over was closing', closedAt === null || closing !== null],
    ['an open payment is not ending', closing !== null || !(over || status === 'REFUNDING')],
    ['a closing payment does not keep money', closing === null || !status.endsWith('CAPTURED')],
    ['a tombstone has no attempts', payment.price !== null || attempts.length === 0],
    ...attempts.map((attempt): [string, boolean] => {
      const captured = attempt.captured?.minor ?? 0;
      const owed = captured > 0 && (closing !== null || attempt.surplus) ? [captured] : [];
      const asked = refunds.filter(({ attemptId }) => attemptId === attempt.id);
      const same = String(asked.map(({ amount }) => amount.minor)) === String(owed);
      return [`exactly what is owed of ${attempt.id} goes back`, same];
    }),
    ...attempts.map((attempt): [string, boolean] => {
      const paid = refunds.filter((it) => it.attemptId === attempt.id && it.status === 'SUCCEEDED');
      const sum = paid.reduce((total, { amount }) => total + amount.minor, 0);
      return [`what ${attempt.id} gave back adds up`, sum === attempt.refundedMinor];
    }),
  ];
  return rules.flatMap(([rule, holds]) => (holds ? [] : [rule]));
}
