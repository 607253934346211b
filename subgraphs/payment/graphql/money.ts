import { formatAmount } from '@ordergraph/platform/money.ts';
import type { Context } from './context.ts';
import type { MoneyResolvers } from './generated.ts';

export const Money: MoneyResolvers<Context> = {
  amount: (money) => formatAmount(money),
  currencyCode: ({ currency }) => currency,
};
