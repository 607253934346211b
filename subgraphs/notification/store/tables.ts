/** The notification service's tables. */
import { sql } from 'drizzle-orm';
import { check, index, integer, json, pgTable, text, timestamp, unique } from 'drizzle-orm/pg-core';

export { consumerState, deadLetters, inbox } from '@ordergraph/platform/tables.ts';

export const notifications = pgTable(
  'notifications',
  {
    id: text('id').primaryKey(),
    orderId: text('order_id').notNull(),
    customerId: text('customer_id').notNull(),
    orderNumber: text('order_number').notNull(),
    kind: text('kind').notNull(),
    channel: text('channel').notNull(),
    recipient: text('recipient').notNull(),
    recipientName: text('recipient_name').notNull(),
    subject: text('subject').notNull(),
    /** What the message tells; read when it is sent. */
    content: json('content').notNull(),
    status: text('status').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    /** When it is to be tried; while a sender has it, when that sender's lease ends. */
    dueAt: timestamp('due_at', { withTimezone: true }),
    /** How often a sender took it; a lease that its holder did not live to end counts. */
    tries: integer('tries').notNull().default(0),
    sentAt: timestamp('sent_at', { withTimezone: true }),
    failure: text('failure'),
  },
  (table) => [
    // One notification per order, kind, recipient and channel, however often and by whomever its event is handled.
    unique('notifications_once').on(table.orderId, table.kind, table.recipient, table.channel),
    check(
      'notifications_kind',
      sql`kind in ('ORDER_CONFIRMED', 'ORDER_REJECTED', 'ORDER_EXPIRED', 'ORDER_CANCELLED')`,
    ),
    check('notifications_content', sql`content ->> 'kind' = kind`),
    check('notifications_channel', sql`channel = 'EMAIL'`),
    check('notifications_status', sql`status in ('PENDING', 'SENT', 'FAILED')`),
    check('notifications_due', sql`(status = 'PENDING') = (due_at is not null)`),
    check('notifications_sent', sql`(status = 'SENT') = (sent_at is not null)`),
    check('notifications_failed', sql`status <> 'FAILED' or failure is not null`),
    check('notifications_tries', sql`tries >= 0`),
    index('notifications_due_at')
      .on(table.dueAt)
      .where(sql`status = 'PENDING'`),
    // Identifiers sort by time: this index and the primary key serve the lists, newest first.
    index('notifications_of_customer').on(table.customerId, table.id),
  ],
);
