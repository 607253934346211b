/** The payment service's tables. Every rule that a row can state is a CHECK. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

export {
  consumerState,
  deadLetters,
  idempotencyKeys,
  inbox,
  outbox,
  streamState,
} from '@ordergraph/platform/tables.ts';

const instant = (name: string) => timestamp(name, { withTimezone: true });
const minorUnits = (name: string) => bigint(name, { mode: 'number' });

/** One row per order that was to be paid, or that ended before (a tombstone: no amount, never charged). */
export const payments = pgTable(
  'payments',
  {
    orderId: text('order_id').primaryKey(),
    id: text('id').notNull().unique(),
    customerId: text('customer_id').notNull(),
    amountMinor: minorUnits('amount_minor'),
    currency: text('currency'),
    holdExpiresAt: instant('hold_expires_at'),
    status: text('status').notNull(),
    /** How the order ended; from then on all money goes back. */
    closing: text('closing'),
    /** When it was told that no money is held and none will be. */
    closedAt: instant('closed_at'),
    /** What events about the payment inherit. */
    correlationId: text('correlation_id').notNull(),
    causationId: text('causation_id'),
    traceparent: text('traceparent'),
    version: integer('version').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [
    check(
      'payments_status',
      sql`${table.status} in ('PENDING', 'DECLINED', 'CAPTURED', 'MISMATCHED', 'REFUNDING', 'REFUNDED', 'VOIDED')`,
    ),
    check(
      'payments_closing',
      sql`case when ${table.closing} is null
        then ${table.status} in ('PENDING', 'DECLINED', 'CAPTURED', 'MISMATCHED')
        else ${table.closing} in ('EXPIRED', 'CANCELLED')
          and ${table.status} in ('PENDING', 'REFUNDING', 'REFUNDED', 'VOIDED') end`,
    ),
    check(
      'payments_closed',
      sql`case when ${table.closedAt} is null
        then ${table.status} not in ('REFUNDED', 'VOIDED')
        else ${table.status} in ('REFUNDING', 'REFUNDED', 'VOIDED') end`,
    ),
    check(
      'payments_tombstone',
      sql`(${table.amountMinor} is null) = (${table.currency} is null)
        and (${table.amountMinor} is null) = (${table.holdExpiresAt} is null)
        and coalesce(${table.amountMinor} >= 0, ${table.status} = 'VOIDED')`,
    ),
  ],
);

/** Attempts to charge. The identifier is also the idempotency key at the provider. */
export const paymentAttempts = pgTable(
  'payment_attempts',
  {
    id: text('id').primaryKey(),
    orderId: text('order_id')
      .notNull()
      .references(() => payments.orderId),
    number: integer('number').notNull(),
    channel: text('channel').notNull(),
    /** The provider's token; null once the attempt is settled. */
    token: text('token'),
    amountMinor: minorUnits('amount_minor').notNull(),
    currency: text('currency').notNull(),
    status: text('status').notNull(),
    /** No first call to the provider from this instant on. */
    chargeBefore: instant('charge_before').notNull(),
    providerChargeId: text('provider_charge_id').unique(),
    failureCode: text('failure_code'),
    capturedMinor: minorUnits('captured_minor'),
    capturedCurrency: text('captured_currency'),
    refundedMinor: minorUnits('refunded_minor').notNull().default(0),
    /** Captured though a later attempt had taken its place. */
    surplus: boolean('surplus').notNull().default(false),
    /** When the worker looks at it again; while a call is under way, when its lease ends. */
    nextActionAt: instant('next_action_at'),
    /** How often the worker took it up; 0 means that the provider cannot have heard of it. */
    tries: integer('tries').notNull().default(0),
    createdAt: instant('created_at').notNull(),
    settledAt: instant('settled_at'),
  },
  (table) => [
    unique('payment_attempts_number').on(table.orderId, table.number),
    uniqueIndex('payment_attempts_one_open')
      .on(table.orderId)
      .where(sql`${table.status} in ('PENDING', 'WITHDRAWING')`),
    uniqueIndex('payment_attempts_one_capture')
      .on(table.orderId)
      .where(sql`${table.status} = 'CAPTURED' and not ${table.surplus}`),
    index('payment_attempts_due')
      .on(table.nextActionAt)
      .where(sql`${table.status} in ('PENDING', 'WITHDRAWING')`),
    check(
      'payment_attempts_status',
      sql`${table.status} in ('PENDING', 'WITHDRAWING', 'CAPTURED', 'DECLINED', 'VOIDED')`,
    ),
    check(
      'payment_attempts_open',
      sql`(${table.status} in ('PENDING', 'WITHDRAWING')) = (${table.settledAt} is null)
        and (${table.settledAt} is null) = (${table.nextActionAt} is not null)
        and (${table.settledAt} is null) = (${table.token} is not null)`,
    ),
    check(
      'payment_attempts_captured',
      sql`(${table.status} = 'CAPTURED') = (${table.capturedMinor} is not null)
        and (${table.capturedMinor} is null) = (${table.capturedCurrency} is null)
        and coalesce(${table.capturedMinor} >= 0, true)`,
    ),
    check(
      'payment_attempts_refunded',
      sql`${table.refundedMinor} between 0 and coalesce(${table.capturedMinor}, 0)`,
    ),
  ],
);

/** Money on its way back. The identifier is also the idempotency key at the provider. */
export const refunds = pgTable(
  'refunds',
  {
    id: text('id').primaryKey(),
    orderId: text('order_id')
      .notNull()
      .references(() => payments.orderId),
    attemptId: text('attempt_id')
      .notNull()
      .unique()
      .references(() => paymentAttempts.id),
    amountMinor: minorUnits('amount_minor').notNull(),
    currency: text('currency').notNull(),
    reason: text('reason').notNull(),
    status: text('status').notNull(),
    providerRefundId: text('provider_refund_id').unique(),
    nextActionAt: instant('next_action_at'),
    tries: integer('tries').notNull().default(0),
    createdAt: instant('created_at').notNull(),
    settledAt: instant('settled_at'),
  },
  (table) => [
    index('refunds_order').on(table.orderId),
    index('refunds_due')
      .on(table.nextActionAt)
      .where(sql`${table.status} = 'PENDING'`),
    check('refunds_amount', sql`${table.amountMinor} > 0`),
    check(
      'refunds_reason',
      sql`${table.reason} in ('ORDER_EXPIRED', 'ORDER_CANCELLED', 'SURPLUS_CAPTURE')`,
    ),
    check(
      'refunds_open',
      sql`${table.status} in ('PENDING', 'SUCCEEDED')
        and (${table.status} = 'PENDING') = (${table.settledAt} is null)
        and (${table.settledAt} is null) = (${table.nextActionAt} is not null)`,
    ),
  ],
);

/** What providers told, as they told it, stored before it is acknowledged; once per event. */
export const webhookEvents = pgTable(
  'webhook_events',
  {
    channel: text('channel').notNull(),
    eventId: text('event_id').notNull(),
    type: text('type').notNull(),
    body: text('body').notNull(),
    receivedAt: instant('received_at').notNull().defaultNow(),
    processedAt: instant('processed_at'),
    /** Why it is not processed yet, or had no effect. */
    cause: text('cause'),
    tries: integer('tries').notNull().default(0),
    nextActionAt: instant('next_action_at'),
  },
  (table) => [
    primaryKey({ columns: [table.channel, table.eventId] }),
    index('webhook_events_due')
      .on(table.nextActionAt)
      .where(sql`${table.processedAt} is null`),
    check(
      'webhook_events_open',
      sql`(${table.processedAt} is null) = (${table.nextActionAt} is not null)`,
    ),
  ],
);

/** The double-entry ledger; append-only by trigger. `reference` is the attempt captured or the refund paid. */
export const ledgerTransactions = pgTable(
  'ledger_transactions',
  {
    id: text('id').primaryKey(),
    kind: text('kind').notNull(),
    reference: text('reference').notNull().unique(),
    orderId: text('order_id').notNull(),
    bookedAt: instant('booked_at').notNull(),
  },
  (table) => [
    index('ledger_transactions_order').on(table.orderId),
    check('ledger_transactions_kind', sql`${table.kind} in ('CAPTURE', 'REFUND')`),
  ],
);

/** A debit is positive, a credit negative; a transaction's entries come in one statement and sum to zero per currency. */
export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    transactionId: text('transaction_id')
      .notNull()
      .references(() => ledgerTransactions.id),
    account: text('account').notNull(),
    currency: text('currency').notNull(),
    amountMinor: minorUnits('amount_minor').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.transactionId, table.account, table.currency] }),
    check('ledger_entries_amount', sql`${table.amountMinor} <> 0`),
  ],
);
