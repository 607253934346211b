/**
 * The relay publishes the outbox to the service's own stream.
 *
 * Protocol: one batch is one transaction that holds an advisory lock, so that of several relays one works and the
 * others stand by. Unpublished rows are read in order of position, published in waves of at most one event per subject,
 * and marked with the sequence that the stream acknowledged. Within a subject an event is sent only after the one
 * before it was acknowledged, so a subject's events are in the stream in the order of its history. An event that is not
 * acknowledged holds up its own subject only; the rest of the batch is marked.
 *
 * A crash before the acknowledgement leaves rows unpublished; a crash after it and before the mark makes them published
 * twice under the same message id, which the server drops within its window and every inbox drops for ever.
 *
 * A stream may be lost behind our back: wiped, purged, or put back to an older copy of its store. The relay remembers
 * the stream's creation time, its epoch and the highest sequence acknowledged, its mark. Nobody else publishes, so the
 * stream is sound as long as it holds, at the mark, the event that the outbox says was put there. That is looked at
 * every second, after every fault, and before marking anything if an acknowledgement is not above the mark or two of
 * them contradict each other. If the stream is not sound, everything above the last event that is still in its place is
 * published again, and a new epoch in the stream's metadata tells every consumer to start over. See `stream-repair.ts`.
 */
import { headers } from '@nats-io/transport-node';
import type { EventOwner } from '@ordergraph/schema/events/envelope.ts';
import { eventSubject, streamName } from '@ordergraph/schema/events/streams.ts';
import type { Database, Transaction } from './database.ts';
import type { EventBus } from './jetstream.ts';
import type { Logger } from './logger.ts';
import { backOffMs, Signal } from './signal.ts';
import { checkStream, holdsMark, readMark, type StreamMark } from './stream-repair.ts';
import type { Metrics } from './telemetry.ts';

export type RelayOptions = {
  readonly sql: Database;
  readonly bus: EventBus;
  readonly owner: EventOwner;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

/** `wake` is a hint that the outbox has rows; without it the relay looks by itself. `stop` finishes the batch at hand. */
export type Relay = { wake(): void; stop(): Promise<void> };

const batchMax = 256;
const idlePollMs = 250;
/** How soon to look again while another relay has its turn. */
const turnPollMs = 50;
const streamCheckMs = 1_000;
/** After this no further wave is sent: the transaction is marked before the database ends it for idling. */
const publishingMaxMs = 4_000;
/** The lock's key; each service has a database of its own, so one number does. */
const relayLock = 7_203_412;

type OutboxRow = { position: number; id: string; type: string; subject: string; envelope: string };
type Published = { position: number; sequence: number; duplicate: boolean };
type Batch = { found: number; failed: number };

/** Starts publishing. Faults are logged and tried again with back-off; nothing is ever skipped. */
export function startRelay(options: RelayOptions): Relay {
  const signal = new Signal();
  const life = { stopping: false };
  const loop = async (): Promise<void> => {
    let failures = 0;
    let checkDueMs = 0;
    while (!life.stopping) {
      try {
        if (performance.now() >= checkDueMs) {
          const checked = await options.sql.begin((tx) =>
            inTurn(tx, () => checkStream(options, tx)),
          );
          if (checked) checkDueMs = performance.now() + streamCheckMs;
        }
        const batch = await options.sql.begin((tx) =>
          inTurn(tx, () => publishBatch(options, tx, life)),
        );
        if (batch && batch.failed > 0) throw new Error(`${batch.failed} events were not published`);
        failures = 0;
        if (!batch) await signal.wait(turnPollMs);
        else if (batch.found < batchMax) await signal.wait(idlePollMs);
      } catch (error) {
        failures += 1;
        checkDueMs = 0;
        options.logger.warn({ err: error, failures }, 'the relay could not publish');
        if (!life.stopping) await signal.wait(backOffMs(failures, 50, 2_000));
      }
    }
  };
  const done = loop();
  return {
    wake: () => signal.ring(),
    async stop() {
      life.stopping = true;
      signal.ring();
      await done;
    },
  };
}

/** Does a piece of work while no other relay is at it; undefined if another one is. */
async function inTurn<T>(tx: Transaction, work: () => Promise<T>): Promise<T | undefined> {
  const [row] = await tx<{ held: boolean }[]>`
    select pg_try_advisory_xact_lock(${relayLock}) as held`;
  return row?.held ? work() : undefined;
}

/** Publishes up to a batch of rows and marks those that were acknowledged. */
async function publishBatch(
  options: RelayOptions,
  tx: Transaction,
  life: Readonly<{ stopping: boolean }>,
): Promise<Batch> {
  const rows = await tx<OutboxRow[]>`
    select position, id, type, subject, envelope::text as envelope from outbox
    where published_at is null order by position limit ${batchMax}`;
  options.metrics.outboxPending.set(rows.length);
  const mark = await readMark(options, tx);
  if (rows.length === 0 || !mark) return { found: 0, failed: 0 };
  const waves = await publishInWaves(options, rows, life);
  await refuseContradictions(options, tx, { mark, waves: waves.published });
  await markPublished(options, tx, waves.published.flat());
  return { found: rows.length, failed: waves.failed };
}

/**
 * Waves of at most one event per subject; an event whose predecessor failed is not sent. Events that were not tried,
 * because time was up, are no failures.
 */
async function publishInWaves(
  { bus, owner, logger }: RelayOptions,
  rows: readonly OutboxRow[],
  life: Readonly<{ stopping: boolean }>,
): Promise<{ published: Published[][]; failed: number }> {
  const deadlineMs = performance.now() + publishingMaxMs;
  const published: Published[][] = [];
  const failed = new Set<string>();
  let remaining = rows;
  while (remaining.length > 0 && performance.now() < deadlineMs) {
    if (life.stopping && published.length > 0) break;
    const wave = new Map<string, OutboxRow>();
    const later: OutboxRow[] = [];
    for (const row of remaining) {
      if (failed.has(row.subject)) continue;
      if (wave.has(row.subject)) later.push(row);
      else wave.set(row.subject, row);
    }
    const sent = [...wave.values()];
    const results = await Promise.allSettled(sent.map((row) => publish({ bus, owner }, row)));
    const acknowledged: Published[] = [];
    results.forEach((result, i) => {
      const row = sent[i];
      if (result.status === 'fulfilled') acknowledged.push(result.value);
      else if (row) {
        failed.add(row.subject);
        logger.warn({ err: result.reason, eventId: row.id }, 'an event was not acknowledged');
      }
    });
    published.push(acknowledged);
    remaining = later;
  }
  return { published, failed: failed.size };
}

async function publish(
  { bus, owner }: Pick<RelayOptions, 'bus' | 'owner'>,
  row: OutboxRow,
): Promise<Published> {
  const meta = headers();
  meta.set('content-type', 'application/cloudevents+json');
  const ack = await bus.client.publish(eventSubject(bus.prefix, owner, row.type), row.envelope, {
    msgID: row.id,
    headers: meta,
    expect: { streamName: streamName(bus.prefix, owner) },
  });
  return { position: row.position, sequence: ack.seq, duplicate: ack.duplicate };
}

/**
 * Acknowledgements of new messages count upwards, above the mark and from wave to wave; otherwise the stream went back
 * in time, perhaps between two waves. Nothing is marked then: the next look at the stream finds out what is lost.
 */
async function refuseContradictions(
  options: RelayOptions,
  tx: Transaction,
  { mark, waves }: { mark: StreamMark; waves: readonly (readonly Published[])[] },
): Promise<void> {
  let reached = mark.lastSequence;
  for (const wave of waves) {
    const fresh = wave.filter(({ duplicate }) => !duplicate).map(({ sequence }) => sequence);
    const backwards = fresh.some((sequence) => sequence <= reached);
    if (backwards || new Set(fresh).size < fresh.length) {
      throw new Error('The stream went back in time while events were published');
    }
    reached = Math.max(reached, ...fresh);
  }
  // After a repair repeats below the mark are to be expected; at any other time they tell of a stream that went back.
  const repeats = waves.flat().some(({ sequence }) => sequence <= mark.lastSequence);
  if (repeats && !(await holdsMark(options, tx, mark))) {
    throw new Error('The stream went back in time before events were published');
  }
}

async function markPublished(
  { bus, owner, metrics }: RelayOptions,
  tx: Transaction,
  published: readonly Published[],
): Promise<void> {
  if (published.length === 0) return;
  await tx`
    with published as (
      update outbox
      set published_at = clock_timestamp(), stream_sequence = acknowledged.sequence
      from unnest(
        ${published.map(({ position }) => position)}::bigint[],
        ${published.map(({ sequence }) => sequence)}::bigint[]
      ) as acknowledged (position, sequence)
      where outbox.position = acknowledged.position
    )
    update stream_state
    set last_sequence = greatest(last_sequence, ${Math.max(...published.map(({ sequence }) => sequence))}::bigint)
    where stream = ${streamName(bus.prefix, owner)}`;
  metrics.eventsPublished.inc(published.length);
}
