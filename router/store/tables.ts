/** The router's tables: partners with their keys and published operations, and what clients use. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  date,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  type AnyPgColumn,
} from 'drizzle-orm/pg-core';

/**
 * The number of the last change to partners. Every change takes the next one first, so that changes are made one after
 * the other and whoever reads those above a number misses none.
 */
export const partnerRevision = pgTable(
  'partner_revision',
  {
    singleton: boolean('singleton').primaryKey().default(true),
    revision: bigint('revision', { mode: 'number' }).notNull(),
  },
  () => [check('partner_revision_singleton', sql`singleton`)],
);

export const partners = pgTable(
  'partners',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull().unique(),
    plan: text('plan').notNull(),
    scopes: text('scopes').array().notNull(),
    status: text('status').notNull(),
    /** The manifest that is served; null until one is published. */
    activeVersion: integer('active_version'),
    revision: bigint('revision', { mode: 'number' }).notNull().unique(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
  },
  (table) => [
    check('partners_name', sql`name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'`),
    check('partners_status', sql`status in ('ACTIVE', 'REVOKED')`),
    check('partners_revoked', sql`(status = 'REVOKED') = (revoked_at is not null)`),
    foreignKey({
      name: 'partners_active_manifest',
      columns: [table.id, table.activeVersion],
      foreignColumns: [manifests.partnerId, manifests.version],
    }),
  ],
);

/** A key is good until it ends or is revoked. Its text is nowhere but with the partner. */
export const apiKeys = pgTable(
  'api_keys',
  {
    /** The part of a key by which it is found and spoken of. */
    prefix: text('prefix').primaryKey(),
    partnerId: text('partner_id')
      .notNull()
      .references(() => partners.id),
    /** SHA-256 of the whole key: 256 random bits need no slow hash. */
    hash: text('hash').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    endsAt: timestamp('ends_at', { withTimezone: true }),
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
  },
  (table) => [
    check('api_keys_hash', sql`hash ~ '^[0-9a-f]{64}$'`),
    index('api_keys_of_partner').on(table.partnerId),
  ],
);

/** What a partner published, one version after the other; versions are kept for rolling back. */
export const manifests = pgTable(
  'manifests',
  {
    partnerId: text('partner_id')
      .notNull()
      .references((): AnyPgColumn => partners.id),
    version: integer('version').notNull(),
    form: text('form').notNull(),
    operationCount: integer('operation_count').notNull(),
    /** What was served before this was published, and is again when this is rolled back. */
    previousVersion: integer('previous_version'),
    publishedAt: timestamp('published_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.partnerId, table.version] }),
    check('manifests_version', sql`version >= 1`),
    check('manifests_form', sql`form in ('apollo', 'relay')`),
    check('manifests_previous', sql`previous_version < version`),
  ],
);

export const operations = pgTable(
  'operations',
  {
    partnerId: text('partner_id').notNull(),
    version: integer('version').notNull(),
    id: text('id').notNull(),
    name: text('name').notNull(),
    type: text('type').notNull(),
    text: text('text').notNull(),
    /** Types by schema coordinate that the client relies on, as a JSON object. */
    types: text('types').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.partnerId, table.version, table.id] }),
    foreignKey({
      name: 'operations_manifest',
      columns: [table.partnerId, table.version],
      foreignColumns: [manifests.partnerId, manifests.version],
    }),
    check('operations_type', sql`type in ('query', 'mutation', 'subscription')`),
  ],
);

/** Operations that were run, and the fields they read: texts are not kept. */
export const usedOperations = pgTable(
  'used_operations',
  {
    /** SHA-256 of the operation's name and text. */
    digest: text('digest').primaryKey(),
    name: text('name').notNull(),
    type: text('type').notNull(),
    /** Schema coordinates. */
    fields: text('fields').array().notNull(),
    firstUsedAt: timestamp('first_used_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('used_operations_fields').using('gin', table.fields)],
);

/** How often a client ran an operation on a day. */
export const usage = pgTable(
  'usage',
  {
    day: date('day').notNull(),
    /** The partner's name; empty for others. */
    partner: text('partner').notNull(),
    /** What the client calls itself: for statistics only. */
    client: text('client').notNull(),
    digest: text('digest').notNull(),
    requests: bigint('requests', { mode: 'number' }).notNull(),
    lastUsedAt: timestamp('last_used_at', { withTimezone: true }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.partner, table.day, table.client, table.digest] }),
    index('usage_of_operation').on(table.digest),
    check('usage_requests', sql`requests > 0`),
  ],
);
