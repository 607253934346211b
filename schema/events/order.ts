/** Events of the order service: what happened to an order. The subject is the order's id. */
import { z } from 'zod';
import { defineEvent } from './envelope.ts';
import { contact, currency, instant, minorUnits, paymentChannel, quantity, sku } from './values.ts';

const party = { orderId: z.string(), customerId: z.string() };
const closing = { ...party, number: z.string(), reason: z.string(), contact };

export const orderPlaced = defineEvent({
  type: 'order.placed',
  version: 1,
  owner: 'order',
  data: z.object({
    ...party,
    lines: z.array(z.object({ lineId: z.string(), sku, quantity })).min(1),
  }),
});

/** Stock is held and the money may be taken. */
export const orderReserved = defineEvent({
  type: 'order.reserved',
  version: 1,
  owner: 'order',
  data: z.object({
    ...party,
    amountMinor: minorUnits,
    currency,
    channel: paymentChannel,
    /** The provider's token; never card data. */
    paymentToken: z.string(),
    holdExpiresAt: instant,
  }),
});

export const orderPaymentDeclined = defineEvent({
  type: 'order.payment-declined',
  version: 1,
  owner: 'order',
  data: z.object({ ...party, attemptId: z.string() }),
});

export const orderConfirmed = defineEvent({
  type: 'order.confirmed',
  version: 1,
  owner: 'order',
  data: z.object({
    ...party,
    number: z.string(),
    countryCode: z.string(),
    channel: paymentChannel,
    currency,
    totalMinor: minorUnits,
    lines: z
      .array(
        z.object({ lineId: z.string(), sku, name: z.string(), quantity, totalMinor: minorUnits }),
      )
      .min(1),
    contact,
  }),
});

export const orderRejected = defineEvent({
  type: 'order.rejected',
  version: 1,
  owner: 'order',
  data: z.object(closing),
});

export const orderExpired = defineEvent({
  type: 'order.expired',
  version: 1,
  owner: 'order',
  data: z.object(closing),
});

/** Stock and money are to be given back; both answer with an event of their own. */
export const orderCancelling = defineEvent({
  type: 'order.cancelling',
  version: 1,
  owner: 'order',
  data: z.object({ ...party, reason: z.string() }),
});

export const orderCancelled = defineEvent({
  type: 'order.cancelled',
  version: 1,
  owner: 'order',
  data: z.object(closing),
});

export const orderPutOnHold = defineEvent({
  type: 'order.put-on-hold',
  version: 1,
  owner: 'order',
  data: z.object({ ...party, reason: z.string() }),
});

export const orderEvents = [
  orderPlaced,
  orderReserved,
  orderPaymentDeclined,
  orderConfirmed,
  orderRejected,
  orderExpired,
  orderCancelling,
  orderCancelled,
  orderPutOnHold,
] as const;
