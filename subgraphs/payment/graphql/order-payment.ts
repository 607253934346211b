import type { Context } from './context.ts';
import type { Attempt } from '../domain/payment.ts';
import type { OrderPaymentResolvers } from './generated.ts';
import type { MoneySource, PaymentSource } from './sources.ts';

export const OrderPayment: OrderPaymentResolvers<Context> = {
  id: ({ id }) => id,
  status: ({ status }) => status,
  amount: ({ price }) => price,
  attempts: ({ orderId }, _args, { loaders }) => loaders.attempts.load(orderId),
  refunds: ({ orderId }, _args, { loaders }) => loaders.refunds.load(orderId),
  async capturedAmount(payment, _args, { loaders }) {
    const attempts = await loaders.attempts.load(payment.orderId);
    return total(payment, attempts, ({ captured }) => captured?.minor ?? 0);
  },
  async refundedAmount(payment, _args, { loaders }) {
    const attempts = await loaders.attempts.load(payment.orderId);
    return total(payment, attempts, ({ refundedMinor }) => refundedMinor);
  },
};

/**
 * A sum in the currency in which money came first; that is the order's, unless the provider captured another. Money in
 * yet another currency cannot be added, and shows in the attempts.
 */
function total(
  { price }: PaymentSource,
  attempts: readonly Attempt[],
  part: (attempt: Attempt) => number,
): MoneySource {
  const captured = attempts.filter((attempt) => attempt.captured);
  const currency = captured[0]?.captured?.currency ?? price.currency;
  const alike = captured.filter((attempt) => attempt.captured?.currency === currency);
  return { currency, minor: alike.reduce((sum, attempt) => sum + part(attempt), 0) };
}
