/** Whether an order gets its stock: every line whole, or nothing at all. */
import type { Pick, StockBook } from './stock-book.ts';

export type OrderLine = {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
};

export type Shortage = {
  readonly sku: string;
  readonly requested: number;
  readonly available: number;
};

export type RefusalReason = 'INSUFFICIENT_STOCK' | 'UNKNOWN_SKU';

export type Grant =
  | {
      readonly kind: 'granted';
      readonly parts: readonly (Pick & { readonly lineId: string; readonly sku: string })[];
    }
  | {
      readonly kind: 'refused';
      readonly reason: RefusalReason;
      readonly shortages: readonly Shortage[];
    };

/**
 * Holds stock for all lines or leaves the book as it was. Lines of the same product count together.
 * @param isProduct whether the catalogue has a product; asked only for products without stock.
 */
export function grant(
  lines: readonly OrderLine[],
  book: StockBook,
  isProduct: (sku: string) => boolean,
): Grant {
  const requested = new Map<string, number>();
  for (const { sku, quantity } of lines) {
    requested.set(sku, (requested.get(sku) ?? 0) + quantity);
  }
  const shortages: Shortage[] = [];
  let reason: RefusalReason = 'INSUFFICIENT_STOCK';
  for (const [sku, quantity] of requested) {
    const available = book.free(sku);
    if (available < quantity) shortages.push({ sku, requested: quantity, available });
    if (!book.has(sku) && !isProduct(sku)) reason = 'UNKNOWN_SKU';
  }
  if (shortages.length > 0) return { kind: 'refused', reason, shortages };
  const parts = lines.flatMap(({ lineId, sku, quantity }) =>
    book.hold(sku, quantity).map((pick) => ({ ...pick, lineId, sku })),
  );
  return { kind: 'granted', parts };
}
