/** Tables that every service's database has; each service's `store/tables.ts` takes those it needs. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  index,
  integer,
  json,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

/** Events that this service has to tell, written with the change they speak of. Rows are kept: the stream can be rebuilt. */
export const outbox = pgTable(
  'outbox',
  {
    position: bigserial('position', { mode: 'number' }).primaryKey(),
    id: text('id').notNull().unique(),
    type: text('type').notNull(),
    subject: text('subject').notNull(),
    envelope: json('envelope').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    publishedAt: timestamp('published_at', { withTimezone: true }),
    /** Where the stream has it; what lies beyond the stream's end after a roll-back is published again. */
    streamSequence: bigint('stream_sequence', { mode: 'number' }),
  },
  (table) => [
    index('outbox_unpublished')
      .on(table.position)
      .where(sql`published_at is null`),
    index('outbox_stream_sequence').on(table.streamSequence),
  ],
);

/** What the relay knows of its stream: enough to notice that it was wiped or went back in time. */
export const streamState = pgTable('stream_state', {
  stream: text('stream').primaryKey(),
  createdAt: text('created_at').notNull(),
  epoch: text('epoch').notNull(),
  lastSequence: bigint('last_sequence', { mode: 'number' }).notNull(),
});

/** Events that a consumer has dealt with, written with their effects. */
export const inbox = pgTable(
  'inbox',
  {
    consumer: text('consumer').notNull(),
    eventId: text('event_id').notNull(),
    processedAt: timestamp('processed_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.consumer, table.eventId] })],
);

/** The epoch of each stream that a consumer reads; another epoch makes it start over. */
export const consumerState = pgTable(
  'consumer_state',
  {
    consumer: text('consumer').notNull(),
    stream: text('stream').notNull(),
    epoch: text('epoch').notNull(),
  },
  (table) => [primaryKey({ columns: [table.consumer, table.stream] })],
);

/** Events that a consumer could not deal with, with the cause; `replay` puts them through again. */
export const deadLetters = pgTable(
  'dead_letters',
  {
    consumer: text('consumer').notNull(),
    eventId: text('event_id').notNull(),
    type: text('type').notNull(),
    envelope: text('envelope').notNull(),
    cause: text('cause').notNull(),
    deliveries: integer('deliveries').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    replayedAt: timestamp('replayed_at', { withTimezone: true }),
  },
  (table) => [primaryKey({ columns: [table.consumer, table.eventId] })],
);

/** One row per request that changed something: the same key gives the same result, for ever. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    caller: text('caller').notNull(),
    key: text('key').notNull(),
    requestHash: text('request_hash').notNull(),
    /** The identifier of the entity that the request made or changed. */
    result: text('result').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.caller, table.key] })],
);
