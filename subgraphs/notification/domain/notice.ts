/** What a customer is told about an order, and whom it is told to. */
import { parseMailbox, printable } from './mailbox.ts';
import { subjectOf } from './wording.ts';

export type NotificationKind =
  | 'ORDER_CONFIRMED'
  | 'ORDER_REJECTED'
  | 'ORDER_EXPIRED'
  | 'ORDER_CANCELLED';

export type NotificationStatus = 'PENDING' | 'SENT' | 'FAILED';
export type NotificationChannel = 'EMAIL';

export type NoticeLine = {
  readonly name: string;
  readonly quantity: number;
  readonly totalMinor: number;
};

/** What is told, apart from the greeting and the order's number. */
export type NoticeContent =
  | {
      readonly kind: 'ORDER_CONFIRMED';
      readonly lines: readonly NoticeLine[];
      readonly totalMinor: number;
      readonly currency: string;
    }
  | {
      readonly kind: Exclude<NotificationKind, 'ORDER_CONFIRMED'>;
      /** A stable code such as INSUFFICIENT_STOCK, or words of whoever cancelled. */
      readonly reason: string;
    };

/** Something happened to an order that its customer should hear of. */
export type Notice = {
  readonly orderId: string;
  readonly customerId: string;
  readonly orderNumber: string;
  readonly contact: { readonly name: string; readonly email: string | null };
  readonly content: NoticeContent;
};

/** A notification as it is first written. */
export type Draft = {
  readonly orderId: string;
  readonly customerId: string;
  readonly orderNumber: string;
  readonly recipient: string;
  readonly recipientName: string;
  readonly channel: NotificationChannel;
  readonly subject: string;
  readonly content: NoticeContent;
  /** Why it can never be sent, or null if it is to be sent. */
  readonly failure: string | null;
};

/** The longest mailbox that SMTP can carry, in characters. */
const recipientMax = 254;
const nameMax = 100;
const numberMax = 64;
const lineNameMax = 200;
const reasonMax = 200;

/** The notification that a notice calls for; none if the customer left no address. */
export function draftOf(notice: Notice): Draft | undefined {
  const given = printable(notice.contact.email ?? '', recipientMax + 1);
  if (given === '') return undefined;
  const mailbox = parseMailbox(notice.contact.email ?? '');
  const orderNumber = printable(notice.orderNumber, numberMax);
  return {
    orderId: notice.orderId,
    customerId: notice.customerId,
    orderNumber,
    recipient: mailbox ?? given,
    recipientName: printable(notice.contact.name, nameMax),
    channel: 'EMAIL',
    subject: subjectOf(notice.content.kind, orderNumber),
    content: tidied(notice.content),
    failure: mailbox === undefined ? 'The e-mail address is malformed' : null,
  };
}

function tidied(content: NoticeContent): NoticeContent {
  if (content.kind !== 'ORDER_CONFIRMED') {
    return { ...content, reason: printable(content.reason, reasonMax) };
  }
  const lines = content.lines.map((line) => ({ ...line, name: printable(line.name, lineNameMax) }));
  return { ...content, lines };
}
