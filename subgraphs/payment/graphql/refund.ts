import type { Context } from './context.ts';
import type { RefundResolvers } from './generated.ts';

export const Refund: RefundResolvers<Context> = {
  id: ({ id }) => id,
  status: ({ status }) => status,
  amount: ({ amount }) => amount,
  reason: ({ reason }) => reason,
  createdAt: ({ createdAt }) => createdAt,
};
