import { formatAmount } from '@ordergraph/platform/money.ts';
import type { OrderContext } from './context.ts';
import type { MoneyResolvers } from './generated.ts';

export const moneyResolvers: MoneyResolvers<OrderContext> = {
  amount: formatAmount,
  currencyCode: ({ currency }) => currency,
};
