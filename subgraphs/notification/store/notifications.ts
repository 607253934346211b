/** Writing notifications once, and reading them for those who may see them. */
import type { Queryable, Transaction } from '@ordergraph/platform/database.ts';
import { newId } from '@ordergraph/platform/ids.ts';
import type {
  Draft,
  NotificationChannel,
  NotificationKind,
  NotificationStatus,
} from '../domain/notice.ts';

/** A notification as its reader sees it; without the address, which nobody asks for. */
export type StoredNotification = {
  readonly id: string;
  readonly orderId: string;
  readonly customerId: string;
  readonly kind: NotificationKind;
  readonly channel: NotificationChannel;
  readonly status: NotificationStatus;
  readonly subject: string;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
};

/** Writes drafts with one statement; one that exists already, for this order, kind, recipient and channel, stays as it is. */
export async function insertNotifications(
  tx: Transaction,
  drafts: readonly Draft[],
): Promise<void> {
  if (drafts.length === 0) return;
  await tx`
    insert into notifications (
      id, order_id, customer_id, order_number, kind, channel, recipient, recipient_name, subject, content, failure,
      status, due_at)
    select id, order_id, customer_id, order_number, kind, channel, recipient, recipient_name, subject, content::json,
      failure, case when failure is null then 'PENDING' else 'FAILED' end, case when failure is null then now() end
    from unnest(
      ${drafts.map(() => newId('ntf'))}::text[],
      ${drafts.map((draft) => draft.orderId)}::text[],
      ${drafts.map((draft) => draft.customerId)}::text[],
      ${drafts.map((draft) => draft.orderNumber)}::text[],
      ${drafts.map((draft) => draft.content.kind)}::text[],
      ${drafts.map((draft) => draft.channel)}::text[],
      ${drafts.map((draft) => draft.recipient)}::text[],
      ${drafts.map((draft) => draft.recipientName)}::text[],
      ${drafts.map((draft) => draft.subject)}::text[],
      ${drafts.map((draft) => JSON.stringify(draft.content))}::text[],
      ${drafts.map((draft) => draft.failure)}::text[]
    ) as draft (id, order_id, customer_id, order_number, kind, channel, recipient, recipient_name, subject, content,
      failure)
    order by order_id, kind, recipient, channel
    on conflict on constraint notifications_once do nothing`;
}

export type NotificationPage = {
  /** Whose; undefined for everybody's. */
  readonly customerId: string | undefined;
  /** Only those written before this one; undefined for the newest. */
  readonly beforeId: string | undefined;
  readonly limit: number;
};

/** Newest first, by id: identifiers sort by the time they were made. */
export async function listNotifications(
  sql: Queryable,
  { customerId, beforeId, limit }: NotificationPage,
): Promise<StoredNotification[]> {
  return sql<StoredNotification[]>`
    select ${columns(sql)} from notifications
    where true
      ${customerId === undefined ? sql`` : sql`and customer_id = ${customerId}`}
      ${beforeId === undefined ? sql`` : sql`and id < ${beforeId}`}
    order by id desc limit ${limit}`;
}

/** All notifications of some orders, oldest first. */
export async function notificationsOfOrders(
  sql: Queryable,
  orderIds: readonly string[],
): Promise<StoredNotification[]> {
  return sql<StoredNotification[]>`
    select ${columns(sql)} from notifications
    where order_id = any(${[...orderIds]}::text[]) order by id`;
}

function columns(sql: Queryable) {
  return sql`id, order_id as "orderId", customer_id as "customerId", kind, channel, status, subject,
    created_at as "createdAt", sent_at as "sentAt"`;
}
