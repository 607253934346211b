/** What the inventory hears of orders. */
import type { Transaction } from '@ordergraph/platform/database.ts';
import { causedBy, type EventOf } from '@ordergraph/schema/events/envelope.ts';
import {
  orderCancelling,
  orderConfirmed,
  orderExpired,
  orderPlaced,
  orderPutOnHold,
} from '@ordergraph/schema/events/order.ts';
import type { Inventory } from '../commands.ts';
import type { OrderNews } from '../domain/decide-batch.ts';

export const orderEventsHeard = [
  orderPlaced,
  orderConfirmed,
  orderExpired,
  orderCancelling,
  orderPutOnHold,
] as const;

export type OrderEventHeard = EventOf<(typeof orderEventsHeard)[number]>;

/** Handles a batch of orders' events, in the order of the stream, in the transaction of their inbox. */
export async function handleOrderEvents(
  inventory: Inventory,
  tx: Transaction,
  events: readonly OrderEventHeard[],
): Promise<void> {
  await inventory.takeOrderNews(tx, events.map(toNews), events.map(causedBy));
}

const triggerOf = {
  'order.confirmed': 'confirmed',
  'order.expired': 'expired',
  'order.cancelling': 'cancelling',
  'order.put-on-hold': 'putOnHold',
} as const;

function toNews(event: OrderEventHeard): OrderNews {
  const { orderId, customerId } = event.data;
  const party = { orderId, customerId };
  if (event.type === 'order.placed') {
    return { ...party, trigger: 'placed', lines: event.data.lines };
  }
  return { ...party, trigger: triggerOf[event.type] };
}
