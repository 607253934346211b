/** Batches an operation's look-ups. */
import DataLoader from 'dataloader';
import type { Database } from '@ordergraph/platform/database.ts';
import type { Order } from '../domain/order.ts';
import { findLines, findOrders, type LineOfOrder } from '../store/orders.ts';

export type Loaders = {
  /** Whoever asks: the resolver checks whose order it is. */
  readonly order: DataLoader<string, Order | null>;
  readonly lines: DataLoader<string, readonly LineOfOrder[]>;
};

export function createLoaders(sql: Database): Loaders {
  return {
    order: new DataLoader(async (ids) => {
      const orders = new Map((await findOrders(sql, ids)).map((order) => [order.id, order]));
      return ids.map((id) => orders.get(id) ?? null);
    }),
    lines: new DataLoader(async (orderIds) => {
      const lines = Map.groupBy(await findLines(sql, orderIds), ({ orderId }) => orderId);
      return orderIds.map((id) => lines.get(id) ?? []);
    }),
  };
}
