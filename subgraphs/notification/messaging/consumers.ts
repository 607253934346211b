/** Which events this service hears, and what each makes it tell. */
import type { EventOf } from '@ordergraph/schema/events/envelope.ts';
import {
  orderCancelled,
  orderConfirmed,
  orderExpired,
  orderRejected,
} from '@ordergraph/schema/events/order.ts';
import type { Transaction } from '@ordergraph/platform/database.ts';
import { notify } from '../commands.ts';
import type { Notice, NoticeContent } from '../domain/notice.ts';

export const consumedEvents = [
  orderConfirmed,
  orderRejected,
  orderExpired,
  orderCancelled,
] as const;

export type ConsumedEvent = EventOf<(typeof consumedEvents)[number]>;

/** Each event stands for itself, so their order does not matter here. */
export async function handleOrderEvents(
  tx: Transaction,
  events: readonly ConsumedEvent[],
): Promise<void> {
  await notify(tx, events.map(noticeOf));
}

function noticeOf(event: ConsumedEvent): Notice {
  const { orderId, customerId, number, contact } = event.data;
  return { orderId, customerId, orderNumber: number, contact, content: contentOf(event) };
}

const kindOfClosing = {
  'order.rejected': 'ORDER_REJECTED',
  'order.expired': 'ORDER_EXPIRED',
  'order.cancelled': 'ORDER_CANCELLED',
} as const;

function contentOf(event: ConsumedEvent): NoticeContent {
  if (event.type !== 'order.confirmed') {
    return { kind: kindOfClosing[event.type], reason: event.data.reason };
  }
  const { lines, totalMinor, currency } = event.data;
  return {
    kind: 'ORDER_CONFIRMED',
    lines: lines.map((line) => ({
      name: line.name,
      quantity: line.quantity,
      totalMinor: line.totalMinor,
    })),
    totalMinor,
    currency,
  };
}
