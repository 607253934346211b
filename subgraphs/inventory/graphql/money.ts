import { formatAmount } from '@ordergraph/platform/money.ts';
import type { Context } from './context.ts';
import type { MoneyResolvers } from './generated.ts';

export const money: MoneyResolvers<Context> = {
  amount: (value) => formatAmount(value),
  currencyCode: ({ currency }) => currency,
};
