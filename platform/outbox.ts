/**
 * The outbox: events are inserted in the transaction of the change they speak of, so that either both exist or neither.
 * The relay publishes them afterwards.
 */
import type { EventEnvelope } from '@ordergraph/schema/events/envelope.ts';
import type { Transaction } from './database.ts';

/**
 * Appends events, in order, with one statement. Call it after the rows of the entities concerned are locked: positions
 * of one subject then follow its history.
 */
export async function appendToOutbox(
  tx: Transaction,
  events: readonly EventEnvelope[],
): Promise<void> {
  if (events.length === 0) return;
  const envelopes = events.map((event) => JSON.stringify(event));
  // Arrays of text, unnested, were chosen over one VALUES list so that the statement is prepared once for any number.
  await tx`
    insert into outbox (id, type, subject, envelope)
    select id, type, subject, envelope::json
    from unnest(
      ${events.map((event) => event.id)}::text[],
      ${events.map((event) => event.type)}::text[],
      ${events.map((event) => event.subject)}::text[],
      ${envelopes}::text[]
    ) with ordinality as event (id, type, subject, envelope, ordinal)
    order by ordinal`;
}
