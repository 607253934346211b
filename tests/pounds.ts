import type { Money } from './storefront.ts';

export function pounds(amount: string): Money {
  return { amount, currencyCode: 'GBP' };
}
