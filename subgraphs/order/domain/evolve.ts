/** Folds history into state. */
import type { Order, OrderChange } from './order.ts';

/** The order after a change. */
export function evolve(order: Order, change: OrderChange): Order {
  return {
    ...order,
    status: change.status,
    statusReason: change.reason,
    version: change.version,
    updatedAt: change.occurredAt,
    holdExpiresAt: change.holdExpiresAt,
  };
}
