import { formatAmount } from '@ordergraph/platform/money.ts';
import type { AnalyticsContext } from './context.ts';
import type { MoneyResolvers } from './generated.ts';

export const Money: MoneyResolvers<AnalyticsContext> = {
  amount: (money) => formatAmount(money),
  currencyCode: ({ currency }) => currency,
};
