/** The words of each message. */
import type { NotificationKind } from './notice.ts';

type Words = {
  readonly subject: (orderNumber: string) => string;
  readonly title: string;
  readonly opening: string;
  readonly closing: string;
};

const wordsByKind: Readonly<Record<NotificationKind, Words>> = {
  ORDER_CONFIRMED: {
    subject: (number) => `Your order ${number} is confirmed`,
    title: 'Thank you for your order',
    opening: 'We have your payment, and everything you ordered is set aside for you.',
    closing: 'We will get it on its way as soon as we can.',
  },
  ORDER_REJECTED: {
    subject: (number) => `We could not accept your order ${number}`,
    title: 'We could not accept your order',
    opening: 'We are sorry: this order could not be accepted. Nothing was charged.',
    closing: 'You are welcome to order again at any time.',
  },
  ORDER_EXPIRED: {
    subject: (number) => `Your order ${number} has expired`,
    title: 'Your order has expired',
    opening: 'We held the items for you, but the payment did not reach us in time.',
    closing:
      'Should a payment still arrive, we will return it in full. You are welcome to order again.',
  },
  ORDER_CANCELLED: {
    subject: (number) => `Your order ${number} is cancelled`,
    title: 'Your order is cancelled',
    opening: 'This order is cancelled. Whatever you paid for it goes back the way it came.',
    closing: 'You are welcome to order again at any time.',
  },
};

/** Sentences for the reasons we know; anything else is not repeated to the customer. */
const sentenceByReason: ReadonlyMap<string, string> = new Map([
  ['INSUFFICIENT_STOCK', 'There was not enough stock for every item.'],
  ['UNKNOWN_SKU', 'An item is no longer part of our range.'],
  ['LIMIT_EXCEEDED', 'It went beyond a limit of your account.'],
  ['HOLD_EXPIRED', 'The time for which we can hold items without a payment had passed.'],
  ['CUSTOMER_REQUEST', 'It was cancelled at your request.'],
]);

export function wordsOf(kind: NotificationKind): Words {
  return wordsByKind[kind];
}

/** The subject line of a message. */
export function subjectOf(kind: NotificationKind, orderNumber: string): string {
  return wordsByKind[kind].subject(orderNumber);
}

/** A sentence that explains a reason, or undefined if there is none for it. */
export function explanationOf(reason: string): string | undefined {
  return sentenceByReason.get(reason);
}
