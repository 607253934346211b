/** One query for all entities of a kind that an operation asks for. */
import DataLoader from 'dataloader';
import type { Database } from '@ordergraph/platform/database.ts';
import type { Attempt, Payment, Refund } from '../domain/payment.ts';
import { findAttempts, findPayments, findRefunds } from '../store/payments.ts';

export type Loaders = ReturnType<typeof createLoaders>;

/** All are keyed by the order's id. */
export function createLoaders(sql: Database) {
  return {
    payments: new DataLoader<string, Payment | undefined>(async (orderIds) => {
      const found = await findPayments(sql, orderIds);
      return orderIds.map((orderId) => found.get(orderId));
    }),
    attempts: new DataLoader<string, readonly Attempt[]>(async (orderIds) => {
      const found = await findAttempts(sql, orderIds);
      return orderIds.map((orderId) => found.get(orderId) ?? []);
    }),
    refunds: new DataLoader<string, readonly Refund[]>(async (orderIds) => {
      const found = await findRefunds(sql, orderIds);
      return orderIds.map((orderId) => found.get(orderId) ?? []);
    }),
  };
}
