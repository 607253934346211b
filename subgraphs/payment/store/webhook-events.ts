/** Providers' events as they came: stored before they are acknowledged, once each, and processed until they could be. */
import type { Queryable, Transaction } from '@ordergraph/platform/database.ts';
import type { ChannelName } from '../domain/payment.ts';

export type ReceivedEvent = {
  readonly channel: ChannelName;
  readonly id: string;
  readonly type: string;
  readonly body: string;
};

/** What became of an event: `cause` says why it had no effect, or, where it is to be tried again, why not yet. */
export type Verdict = {
  readonly channel: ChannelName;
  readonly id: string;
  readonly processed: boolean;
  readonly cause: string | null;
};

/** Stores events as processed and returns the keys of those that are new; a repetition within the batch is stored once. */
export async function storeEvents(
  tx: Transaction,
  events: readonly ReceivedEvent[],
): Promise<ReadonlySet<string>> {
  // In order of the key, so that two batches with events in common wait for each other instead of dead-locking.
  const rows = await tx<{ channel: ChannelName; id: string }[]>`
    insert into webhook_events (channel, event_id, type, body, processed_at)
    select channel, id, type, body, now()
    from unnest(
      ${events.map(({ channel }) => channel)}::text[],
      ${events.map(({ id }) => id)}::text[],
      ${events.map(({ type }) => type)}::text[],
      ${events.map(({ body }) => body)}::text[]
    ) as event (channel, id, type, body)
    order by channel, id
    on conflict do nothing
    returning channel, event_id as id`;
  return new Set(rows.map(eventKey));
}

/** Stores an event whose effect failed, to be tried again. */
export async function storeUnprocessed(
  sql: Queryable,
  { channel, id, type, body }: ReceivedEvent,
  cause: string,
): Promise<void> {
  await sql`
    insert into webhook_events (channel, event_id, type, body, cause, tries, next_action_at)
    values (${channel}, ${id}, ${type}, ${body}, ${cause}, 1, now() + interval '1 second')
    on conflict do nothing`;
}

/** Takes events that wait to be tried again, for the length of the transaction. */
export async function takeWaiting(tx: Transaction, max: number): Promise<ReceivedEvent[]> {
  return tx<ReceivedEvent[]>`
    select channel, event_id as id, type, body from webhook_events
    where processed_at is null and next_action_at <= now()
    order by next_action_at limit ${max}
    for update skip locked`;
}

/** An event that is to be tried again is due after its age, between a second and an hour. */
export async function noteVerdicts(tx: Transaction, verdicts: readonly Verdict[]): Promise<void> {
  if (verdicts.length === 0) return;
  await tx`
    update webhook_events e
    set cause = v.cause, tries = e.tries + 1,
      processed_at = case when v.processed then coalesce(e.processed_at, now()) end,
      next_action_at = case when not v.processed then
        now() + least(greatest(now() - e.received_at, interval '1 second'), interval '1 hour') end
    from json_to_recordset(${JSON.stringify(verdicts)}::text::json)
      as v (channel text, id text, processed boolean, cause text)
    where e.channel = v.channel and e.event_id = v.id`;
}

export function eventKey({ channel, id }: Pick<ReceivedEvent, 'channel' | 'id'>): string {
  return `${channel}\n${id}`;
}
