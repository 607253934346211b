/** Which event of an order asks what of its payment. */
import type { Transaction } from '@ordergraph/platform/database.ts';
import { newId } from '@ordergraph/platform/ids.ts';
import { causedBy, type EventOf } from '@ordergraph/schema/events/envelope.ts';
import { orderCancelling, orderExpired, orderReserved } from '@ordergraph/schema/events/order.ts';
import type { Payments } from '../commands.ts';
import type { Addressed } from '../domain/batch.ts';
import type { Closing } from '../domain/payment.ts';

export const consumedEvents = [orderReserved, orderExpired, orderCancelling] as const;
export type ConsumedEvent = EventOf<(typeof consumedEvents)[number]>;
type Reserved = EventOf<typeof orderReserved>;

/** Handles a batch in the consumer's transaction, in the order given; in whatever order events come, a closing wins. */
export async function handleOrderEvents(
  payments: Payments,
  tx: Transaction,
  { events, now }: { events: readonly ConsumedEvent[]; now: Date },
): Promise<void> {
  await payments.run(
    tx,
    events.map((event) => addressed(event, now)),
  );
}

function addressed(event: ConsumedEvent, at: Date): Addressed {
  switch (event.type) {
    case 'order.reserved':
      return reserve(event, at);
    case 'order.expired':
      return close(event, { closing: 'EXPIRED', at });
    case 'order.cancelling':
      return close(event, { closing: 'CANCELLED', at });
  }
}

function reserve(event: Reserved, at: Date): Addressed {
  const { orderId, customerId, amountMinor, currency, channel, paymentToken, holdExpiresAt } =
    event.data;
  return {
    orderId,
    command: {
      kind: 'Reserve',
      paymentId: newId('pay'),
      orderId,
      customerId,
      price: { minor: amountMinor, currency },
      holdExpiresAt: new Date(holdExpiresAt),
      attempt: { id: newId('att'), channel, token: paymentToken },
      origin: causedBy(event),
      at,
    },
  };
}

function close(event: ConsumedEvent, { closing, at }: { closing: Closing; at: Date }): Addressed {
  const { orderId, customerId } = event.data;
  const party = { paymentId: newId('pay'), orderId, customerId };
  return { orderId, command: { kind: 'Close', ...party, closing, origin: causedBy(event), at } };
}
