/** Loaders gather what the fields of one operation ask for into one query each. They live as long as the operation. */
import type { Database } from '@ordergraph/platform/database.ts';
import DataLoader from 'dataloader';
import type { Product } from '../domain/product.ts';
import { findReservations, type OrderReservations } from '../store/orders.ts';
import { findProducts } from '../store/products.ts';
import { findAvailable } from '../store/stock.ts';

export type Loaders = {
  readonly products: DataLoader<string, Product | null>;
  readonly available: DataLoader<string, number>;
  readonly reservations: DataLoader<string, OrderReservations | null>;
};

const batchMax = 1_000;

export function createLoaders(sql: Database): Loaders {
  return {
    products: new DataLoader(
      async (skus) => {
        const found = await findProducts(sql, skus);
        const bySku = new Map(found.map((product) => [product.sku, product]));
        return skus.map((sku) => bySku.get(sku) ?? null);
      },
      { maxBatchSize: batchMax },
    ),
    available: new DataLoader(
      async (skus) => {
        const available = await findAvailable(sql, skus);
        return skus.map((sku) => available.get(sku) ?? 0);
      },
      { maxBatchSize: batchMax },
    ),
    reservations: new DataLoader(
      async (orderIds) => {
        const found = await findReservations(sql, orderIds);
        return orderIds.map((orderId) => found.get(orderId) ?? null);
      },
      { maxBatchSize: batchMax },
    ),
  };
}

/** Forgets what a change of the product has made stale. */
export function forgetProduct({ products, available }: Loaders, sku: string): void {
  products.clear(sku);
  available.clear(sku);
}
