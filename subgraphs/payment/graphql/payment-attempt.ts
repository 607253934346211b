import type { Context } from './context.ts';
import type { PaymentAttemptResolvers } from './generated.ts';

export const PaymentAttempt: PaymentAttemptResolvers<Context> = {
  id: ({ id }) => id,
  channel: ({ channel }) => channel,
  // To a client an attempt is pending until its outcome is known; that it is being withdrawn is our affair.
  status: ({ status }) => (status === 'WITHDRAWING' ? 'PENDING' : status),
  amount: ({ price }) => price,
  failureCode: ({ failureCode }) => failureCode,
  createdAt: ({ createdAt }) => createdAt,
  settledAt: ({ settledAt }) => settledAt,
};
