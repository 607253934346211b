/** One query for all entities of a kind that an operation asks for. */
import DataLoader from 'dataloader';
import type { Database } from '@ordergraph/platform/database.ts';
import { notificationsOfOrders, type StoredNotification } from '../store/notifications.ts';

export type Loaders = {
  readonly notificationsByOrder: DataLoader<string, readonly StoredNotification[]>;
};

export function createLoaders(sql: Database): Loaders {
  return {
    notificationsByOrder: new DataLoader(async (orderIds) => {
      const byOrder = Map.groupBy(
        await notificationsOfOrders(sql, orderIds),
        ({ orderId }) => orderId,
      );
      return orderIds.map((orderId) => byOrder.get(orderId) ?? []);
    }),
  };
}
