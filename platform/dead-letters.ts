/** Events that a consumer gave up on, kept with their cause until somebody puts them through again. */
import { randomUUID } from 'node:crypto';
import type { EventOwner } from '@ordergraph/schema/events/envelope.ts';
import { eventSubject } from '@ordergraph/schema/events/streams.ts';
import type { Database } from './database.ts';
import type { EventBus } from './jetstream.ts';

export type DeadLetter = {
  readonly consumer: string;
  readonly messageId: string;
  readonly type: string;
  readonly envelope: string;
  readonly cause: string;
  readonly deliveries: number;
};

const causeMax = 2_000;
/** What follows it in a message id tells one replay of an event from another: the server would drop a repeated id. */
const replayMark = '#';

/**
 * Stores a dead letter once; a later failure of the same event replaces the cause.
 * @returns false if the event was dealt with meanwhile, by an instance to which it was delivered again
 */
export async function storeDeadLetter(sql: Database, letter: DeadLetter): Promise<boolean> {
  // PostgreSQL takes no NUL in a text; a message that nobody can read may well hold one.
  const [messageId, type, envelope, cause] = [
    letter.messageId.split(replayMark)[0] ?? '',
    letter.type,
    letter.envelope,
    letter.cause.slice(0, causeMax),
  ].map((text) => text.replaceAll('\0', '\u{fffd}').toWellFormed());
  const stored = await sql`
    insert into dead_letters (consumer, event_id, type, envelope, cause, deliveries)
    select ${letter.consumer}, ${messageId ?? ''}, ${type ?? ''}, ${envelope ?? ''}, ${cause ?? ''},
      ${letter.deliveries}::int
    where not exists (
      select from inbox where consumer = ${letter.consumer} and event_id = ${messageId ?? ''})
    on conflict (consumer, event_id) do update
    set cause = excluded.cause, deliveries = excluded.deliveries, replayed_at = null`;
  return stored.count > 0;
}

/** Dead letters not replayed yet, oldest first, at most 1,000. */
export async function listDeadLetters(
  sql: Database,
): Promise<(DeadLetter & { createdAt: Date })[]> {
  return sql<(DeadLetter & { createdAt: Date })[]>`
    select consumer, event_id as "messageId", type, envelope, cause, deliveries,
      created_at as "createdAt"
    from dead_letters where replayed_at is null order by created_at limit 1000`;
}

/**
 * Puts dead letters through again: each is published to its owner's stream and marked as replayed. Consumers that dealt
 * with the event drop it; one that fails again makes it a dead letter again. The mark and the publication share a
 * transaction, so that a failure that follows at once waits for the mark and then takes it back.
 * @param eventIds those to replay
 * @param ownerOf whose events of a type are; letters of types that nobody owns are left
 * @returns how many were replayed
 */
export async function replayDeadLetters(
  sql: Database,
  bus: EventBus,
  { eventIds, ownerOf }: ReplaySelection,
): Promise<number> {
  let replayed = 0;
  for (const id of eventIds) {
    replayed += await sql.begin(async (tx) => {
      const [letter] = await tx<{ type: string; envelope: string }[]>`
        select type, envelope from dead_letters
        where event_id = ${id} and replayed_at is null for update`;
      const owner = letter && ownerOf(letter.type);
      if (!letter || !owner) return 0;
      await tx`update dead_letters set replayed_at = clock_timestamp() where event_id = ${id}`;
      await bus.client.publish(eventSubject(bus.prefix, owner, letter.type), letter.envelope, {
        msgID: `${id}${replayMark}${randomUUID()}`,
      });
      return 1;
    });
  }
  return replayed;
}

export type ReplaySelection = {
  readonly eventIds: readonly string[];
  readonly ownerOf: (type: string) => EventOwner | undefined;
};
