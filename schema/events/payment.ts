/** Events of the payment service. The subject is the order's id. */
import { z } from 'zod';
import { defineEvent } from './envelope.ts';
import { currency, minorUnits, paymentChannel } from './values.ts';

const attempt = { orderId: z.string(), attemptId: z.string() };

/** The provider captured exactly what was asked for. */
export const paymentCaptured = defineEvent({
  type: 'payment.captured',
  version: 1,
  owner: 'payment',
  data: z.object({ ...attempt, channel: paymentChannel, amountMinor: minorUnits, currency }),
});

/** The provider declined; another attempt may be made while stock is held. */
export const paymentDeclined = defineEvent({
  type: 'payment.declined',
  version: 1,
  owner: 'payment',
  data: z.object({ ...attempt, failureCode: z.string() }),
});

/** The provider captured another amount or currency than was asked for. */
export const paymentMismatched = defineEvent({
  type: 'payment.mismatched',
  version: 1,
  owner: 'payment',
  data: z.object({
    ...attempt,
    expectedMinor: minorUnits,
    expectedCurrency: currency,
    capturedMinor: minorUnits,
    capturedCurrency: currency,
  }),
});

/** The order's payment is over: no money is held for it, and none will be. */
export const paymentClosed = defineEvent({
  type: 'payment.closed',
  version: 1,
  owner: 'payment',
  data: z.object({ orderId: z.string(), outcome: z.enum(['NONE', 'VOIDED', 'REFUNDED']) }),
});

export const paymentEvents = [
  paymentCaptured,
  paymentDeclined,
  paymentMismatched,
  paymentClosed,
] as const;
