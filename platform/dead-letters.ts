/** Events that a consumer gave up on, kept with their cause until somebody puts them through again. */
import type { Database } from './database.ts';

export type DeadLetter = {
  readonly consumer: string;
  readonly messageId: string;
  readonly type: string;
  readonly envelope: string;
  readonly cause: string;
  readonly deliveries: number;
};

/** Stores a dead letter once; a later failure of the same event replaces the cause. */
export async function storeDeadLetter(sql: Database, letter: DeadLetter): Promise<void> {
  await sql`
    insert into dead_letters (consumer, event_id, type, envelope, cause, deliveries)
    values (${letter.consumer}, ${letter.messageId}, ${letter.type}, ${letter.envelope},
      ${letter.cause.slice(0, 2_000)}, ${letter.deliveries})
    on conflict (consumer, event_id) do update
    set cause = excluded.cause, deliveries = excluded.deliveries, replayed_at = null`;
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
