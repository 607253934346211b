/** What the inventory has to tell others. */
import type { RefusalReason, Shortage } from './grant.ts';

export type StockHeld = {
  readonly type: 'StockHeld';
  readonly orderId: string;
  readonly expiresAt: Date;
};

export type StockRefused = {
  readonly type: 'StockRefused';
  readonly orderId: string;
  readonly reason: RefusalReason;
  readonly shortages: readonly Shortage[];
};

export type StockReleased = { readonly type: 'StockReleased'; readonly orderId: string };

export type ProductUpserted = {
  readonly type: 'ProductUpserted';
  readonly sku: string;
  readonly version: number;
  readonly name: string;
  readonly unitPriceMinor: number;
  readonly currency: string;
};

export type StockFact = StockHeld | StockRefused | StockReleased;
export type InventoryFact = StockFact | ProductUpserted;
