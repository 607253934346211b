/** What resolvers are given as parents. */
import type { Attempt, Money, Payment, Refund } from '../domain/payment.ts';

export type OrderStub = { readonly id: string };
export type MoneySource = Money;
/** Without its attempts and refunds: those are loaded where they are asked for. */
export type PaymentSource = Omit<Payment, 'attempts' | 'refunds' | 'price'> & {
  readonly price: Money;
};
export type AttemptSource = Attempt;
export type RefundSource = Refund;

export type UserErrorSource = {
  readonly code: 'INVALID_TRANSITION' | 'IDEMPOTENCY_KEY_REUSED' | 'NOT_FOUND';
  readonly message: string;
  readonly field: readonly string[];
};
