/** Whether stock may be booked in or out of a warehouse. */
import type { Refusal } from './refusal.ts';
import type { StockLevel } from './stock-book.ts';

/** What a product may have on hand in all warehouses together: what a GraphQL Int can tell. */
export const onHandMax = 2_147_483_647;

export type Adjustment = {
  readonly sku: string;
  readonly warehouse: string;
  /** Not 0. */
  readonly delta: number;
};

/**
 * Nothing that is held or allocated may be booked out, nor may the product's total pass `onHandMax`.
 * @param levels the product's stock in all warehouses.
 * @returns why the adjustment is refused, or undefined if it is accepted.
 */
export function refuseAdjustment(
  { sku, warehouse, delta }: Adjustment,
  levels: readonly StockLevel[],
): Refusal | undefined {
  const here = levels.find((level) => level.warehouse === warehouse);
  const available = here ? here.onHand - here.held - here.allocated : 0;
  if (available + delta < 0) {
    return {
      code: 'INSUFFICIENT_STOCK',
      message: `Only ${available} of ${sku} are free in ${warehouse}.`,
      field: ['input', 'delta'],
      sku,
      requested: -delta,
      available,
    };
  }
  const total = levels.reduce((sum, { onHand }) => sum + onHand, 0);
  if (total + delta <= onHandMax) return undefined;
  return {
    code: 'LIMIT_EXCEEDED',
    message: `A product can have at most ${onHandMax} on hand in all.`,
    field: ['input', 'delta'],
  };
}
