/** Turns a change of an order into the event that other services get. The event's id is the history entry's. */
import { createEvent, type Cause, type EventEnvelope } from '@ordergraph/schema/events/envelope.ts';
import * as events from '@ordergraph/schema/events/order.ts';
import type { Order, OrderChange, OrderLine } from '../domain/order.ts';

/** The lines are needed for PLACED and CONFIRMED only. */
export function toEvent(
  order: Order | Omit<Order, 'number'>,
  change: OrderChange,
  context: { lines: readonly OrderLine[]; cause: Cause; attemptId?: string | undefined },
): EventEnvelope {
  const { lines, cause } = context;
  const frame = { id: change.id, subject: order.id, time: change.occurredAt, cause };
  const party = { orderId: order.id, customerId: order.customerId };
  const { name, email } = order.shippingAddress;
  const number = 'number' in order ? order.number : '';
  const reason = change.reason ?? '';
  const closing = { ...party, number, reason, contact: { name, email } };
  switch (change.status) {
    case 'PLACED':
      return createEvent(events.orderPlaced, {
        ...frame,
        data: {
          ...party,
          lines: lines.map(({ id, sku, quantity }) => ({ lineId: id, sku, quantity })),
        },
      });
    case 'RESERVED':
      return change.previousStatus === 'RESERVED'
        ? createEvent(events.orderPaymentDeclined, {
            ...frame,
            data: { ...party, attemptId: context.attemptId ?? '' },
          })
        : createEvent(events.orderReserved, {
            ...frame,
            data: {
              ...party,
              amountMinor: order.totalMinor,
              currency: order.currency,
              channel: order.payment.channel,
              paymentToken: order.payment.token,
              holdExpiresAt: (change.holdExpiresAt ?? change.occurredAt).toISOString(),
            },
          });
    case 'CONFIRMED':
      return createEvent(events.orderConfirmed, {
        ...frame,
        data: {
          ...party,
          number,
          countryCode: order.shippingAddress.countryCode,
          channel: order.payment.channel,
          currency: order.currency,
          totalMinor: order.totalMinor,
          lines: lines.map((line) => ({
            lineId: line.id,
            sku: line.sku,
            name: line.name,
            quantity: line.quantity,
            totalMinor: line.totalMinor,
          })),
          contact: { name, email },
        },
      });
    case 'REJECTED':
      return createEvent(events.orderRejected, { ...frame, data: closing });
    case 'EXPIRED':
      return createEvent(events.orderExpired, { ...frame, data: closing });
    case 'CANCELLING':
      return createEvent(events.orderCancelling, { ...frame, data: { ...party, reason } });
    case 'CANCELLED':
      return createEvent(events.orderCancelled, { ...frame, data: closing });
    case 'ON_HOLD':
      return createEvent(events.orderPutOnHold, { ...frame, data: { ...party, reason } });
  }
}
