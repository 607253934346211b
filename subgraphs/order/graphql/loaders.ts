/** Batches look-ups: an operation's own, and those of all operations of an instance that fall together. */
import DataLoader from 'dataloader';
import type { Database } from '@ordergraph/platform/database.ts';
import type { Order, OrderChange } from '../domain/order.ts';
import { historyPages, type HistoryPage } from '../store/history.ts';
import { findLines, findOrders, type LineOfOrder } from '../store/orders.ts';

export type Loaders = {
  /** Whoever asks: the resolver checks whose order it is. */
  readonly order: DataLoader<string, Order | null>;
  readonly lines: DataLoader<string, readonly LineOfOrder[]>;
  /** Keeps nothing: a subscription's operation lives on while the history grows. */
  readonly history: DataLoader<HistoryPage, readonly OrderChange[]>;
};

/** Reads orders for every operation of an instance. Nothing is kept, only what falls in one turn is read together. */
export type OrderReader = DataLoader<string, Order | null>;

/** One statement serves the events of all streams, and all requests, that want an order in the same turn. */
export function createOrderReader(sql: Database): OrderReader {
  return new DataLoader(
    async (ids) => {
      const orders = new Map((await findOrders(sql, ids)).map((order) => [order.id, order]));
      return ids.map((id) => orders.get(id) ?? null);
    },
    { cache: false, maxBatchSize: 500, batchScheduleFn: (read) => void setImmediate(read) },
  );
}

/** What one operation remembers, so that it sees one state of an order. */
export function createLoaders(sql: Database, orders: OrderReader): Loaders {
  return {
    order: new DataLoader((ids) => orders.loadMany(ids)),
    lines: new DataLoader(async (orderIds) => {
      const lines = Map.groupBy(await findLines(sql, orderIds), ({ orderId }) => orderId);
      return orderIds.map((id) => lines.get(id) ?? []);
    }),
    history: new DataLoader((pages) => historyPages(sql, pages), { cache: false }),
  };
}
