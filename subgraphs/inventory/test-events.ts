/** Builders of what tests feed the inventory with. */
import { newId } from '@ordergraph/platform/ids.ts';
import {
  createEvent,
  readEvent,
  type EventDefinition,
} from '@ordergraph/schema/events/envelope.ts';
import {
  orderCancelling,
  orderConfirmed,
  orderExpired,
  orderPlaced,
  orderPutOnHold,
} from '@ordergraph/schema/events/order.ts';
import type { OrderEventHeard } from './messaging/consumers.ts';

type Lines = readonly (readonly [sku: string, quantity: number])[];

const contact = { name: 'Alice', email: null };

/** The events that one customer's order may send. */
export function orderEvents(orderId: string, customerId = 'alice') {
  const party = { orderId, customerId };
  const closing = { ...party, number: '1', reason: 'TEST', contact };
  const event = (definition: EventDefinition, data: unknown): OrderEventHeard => {
    const content = { id: newId('evt'), subject: orderId, time: new Date(), data };
    const cause = { correlationId: 'test', causationId: null };
    const envelope = createEvent(definition, { ...content, cause });
    return readEvent(heard, JSON.parse(JSON.stringify(envelope)));
  };
  return {
    placed: (...lines: Lines) =>
      event(orderPlaced, {
        ...party,
        lines: lines.map(([sku, quantity], i) => ({ lineId: `${orderId}/${i}`, sku, quantity })),
      }),
    confirmed: () =>
      event(orderConfirmed, {
        ...closing,
        countryCode: 'GB',
        channel: 'SANDBOX',
        currency: 'GBP',
        totalMinor: 100,
        lines: [{ lineId: `${orderId}/0`, sku: 'A', name: 'A', quantity: 1, totalMinor: 100 }],
      }),
    expired: () => event(orderExpired, closing),
    cancelling: () => event(orderCancelling, { ...party, reason: 'TEST' }),
    putOnHold: () => event(orderPutOnHold, { ...party, reason: 'TEST' }),
  };
}

const heard = [orderPlaced, orderConfirmed, orderExpired, orderCancelling, orderPutOnHold] as const;
