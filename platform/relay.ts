/**
 * The relay publishes the outbox to the service's own stream.
 *
 * Protocol: one batch is one transaction that holds an advisory lock, so that of several relays one works and the
 * others stand by. Unpublished rows are read in order of position, published in waves of at most one event per subject,
 * and marked with the sequence that the stream acknowledged. Within a subject an event is sent only after the one
 * before it was acknowledged, so a subject's events are in the stream in the order of its history.
 *
 * A crash before the acknowledgement leaves rows unpublished; a crash after it and before the mark makes them published
 * twice under the same message id, which the server drops within its window and every inbox drops for ever.
 *
 * A stream may be lost behind our back: wiped, or put back to an older copy of its store. The relay remembers the
 * stream's creation time, its epoch and the highest sequence acknowledged. If the stream is missing, was made anew, or
 * gives out a sequence that it had given out before, the events that it lost are published again, and a new epoch in the
 * stream's metadata tells every consumer to start over.
 */
import { headers } from '@nats-io/transport-node';
import type { EventOwner } from '@ordergraph/schema/events/envelope.ts';
import { eventSubject } from '@ordergraph/schema/events/streams.ts';
import type { Database, Transaction } from './database.ts';
import {
  createStream,
  findStream,
  renewEpoch,
  type EventBus,
  type StreamSnapshot,
} from './jetstream.ts';
import type { Logger } from './logger.ts';
import { backOffMs, Signal } from './signal.ts';
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
const streamCheckMs = 1_000;
/** The lock's key; each service has a database of its own, so one number does. */
const relayLock = 7_203_412;

type OutboxRow = { position: number; id: string; type: string; subject: string; envelope: string };
type Published = { position: number; sequence: number; duplicate: boolean };
type StreamRow = { created_at: string; epoch: string; last_sequence: number };

/** Starts publishing. Faults are logged and tried again with back-off; nothing is ever skipped. */
export function startRelay(options: RelayOptions): Relay {
  const signal = new Signal();
  let stopping = false;
  const loop = async (): Promise<void> => {
    let failures = 0;
    let checkedAtMs = 0;
    while (!stopping) {
      try {
        if (Date.now() - checkedAtMs >= streamCheckMs) {
          await options.sql.begin((tx) => checkStream(options, tx));
          checkedAtMs = Date.now();
        }
        const count = await options.sql.begin((tx) => publishBatch(options, tx));
        failures = 0;
        if (count < batchMax) await signal.wait(idlePollMs);
      } catch (error) {
        failures += 1;
        checkedAtMs = 0;
        options.logger.warn({ err: error, failures }, 'the relay could not publish');
        await signal.wait(backOffMs(failures, 50, 2_000));
      }
    }
  };
  const done = loop();
  return {
    wake: () => signal.ring(),
    async stop() {
      stopping = true;
      signal.ring();
      await done;
    },
  };
}

async function takeTurn(tx: Transaction): Promise<boolean> {
  const [row] = await tx<{ held: boolean }[]>`
    select pg_try_advisory_xact_lock(${relayLock}) as held`;
  return row?.held === true;
}

/** Publishes up to a batch of rows; returns how many were found, 0 while another relay has its turn. */
async function publishBatch(options: RelayOptions, tx: Transaction): Promise<number> {
  if (!(await takeTurn(tx))) return 0;
  const rows = await tx<OutboxRow[]>`
    select position, id, type, subject, envelope::text as envelope from outbox
    where published_at is null order by position limit ${batchMax}`;
  options.metrics.outboxPending.set(rows.length);
  if (rows.length === 0) return 0;
  const published = await publishInWaves(options, rows);
  await repairRollBack(options, tx, published);
  if (published.length > 0) {
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
      set last_sequence = greatest(last_sequence, ${Math.max(...published.map((p) => p.sequence))}::bigint)`;
    options.metrics.eventsPublished.inc(published.length);
  }
  if (published.length < rows.length) throw new Error('Some events were not acknowledged');
  return rows.length;
}

/** Waves of at most one event per subject; an event whose predecessor failed is not sent. */
async function publishInWaves(
  { bus, owner, logger }: RelayOptions,
  rows: readonly OutboxRow[],
): Promise<Published[]> {
  const published: Published[] = [];
  const failed = new Set<string>();
  let remaining = rows;
  while (remaining.length > 0) {
    const wave = new Map<string, OutboxRow>();
    const later: OutboxRow[] = [];
    for (const row of remaining) {
      if (failed.has(row.subject)) continue;
      if (wave.has(row.subject)) later.push(row);
      else wave.set(row.subject, row);
    }
    const results = await Promise.allSettled(
      [...wave.values()].map(async (row) => {
        const meta = headers();
        meta.set('content-type', 'application/cloudevents+json');
        const subject = eventSubject(bus.prefix, owner, row.type);
        const ack = await bus.client.publish(subject, row.envelope, {
          msgID: row.id,
          headers: meta,
        });
        return { position: row.position, sequence: ack.seq, duplicate: ack.duplicate };
      }),
    );
    [...wave.values()].forEach((row, i) => {
      const result = results[i];
      if (result?.status === 'fulfilled') published.push(result.value);
      else {
        failed.add(row.subject);
        logger.debug({ err: result?.reason, eventId: row.id }, 'an event was not acknowledged');
      }
    });
    remaining = later;
  }
  return published;
}

/** A fresh acknowledgement at or below the high-water mark means that the stream lost what came after it. */
async function repairRollBack(
  options: RelayOptions,
  tx: Transaction,
  published: readonly Published[],
): Promise<void> {
  const state = await readState(tx);
  const fresh = published.filter(({ duplicate }) => !duplicate).map(({ sequence }) => sequence);
  if (!state || fresh.length === 0 || Math.min(...fresh) > state.last_sequence) return;
  const stream = await renewEpoch(options.bus, options.owner);
  await publishAgain(options, tx, { stream, fromSequence: Math.min(...fresh) });
}

async function checkStream(options: RelayOptions, tx: Transaction): Promise<void> {
  if (!(await takeTurn(tx))) return;
  const { bus, owner } = options;
  const state = await readState(tx);
  const found = await findStream(bus, owner);
  if (!found) {
    const stream = await createStream(bus, owner);
    await publishAgain(options, tx, { stream, fromSequence: 0 });
  } else if (!state || found.createdAt !== state.created_at) {
    const stream = await renewEpoch(bus, owner);
    await publishAgain(options, tx, { stream, fromSequence: 0 });
  } else if (found.lastSequence < state.last_sequence) {
    const stream = await renewEpoch(bus, owner);
    await publishAgain(options, tx, { stream, fromSequence: found.lastSequence + 1 });
  }
}

async function readState(tx: Transaction): Promise<StreamRow | undefined> {
  const [state] = await tx<StreamRow[]>`
    select created_at, epoch, last_sequence from stream_state`;
  return state;
}

async function publishAgain(
  { bus, owner, logger, metrics }: RelayOptions,
  tx: Transaction,
  { stream, fromSequence }: { stream: StreamSnapshot; fromSequence: number },
): Promise<void> {
  const lost = await tx`
    update outbox set published_at = null, stream_sequence = null
    where published_at is not null and (stream_sequence >= ${fromSequence} or stream_sequence is null)`;
  await tx`
    insert into stream_state (stream, created_at, epoch, last_sequence)
    values (${`${bus.prefix}-${owner}`}, ${stream.createdAt}, ${stream.epoch}, ${fromSequence === 0 ? 0 : stream.lastSequence})
    on conflict (stream) do update
    set created_at = excluded.created_at, epoch = excluded.epoch, last_sequence = excluded.last_sequence`;
  if (lost.count === 0) return;
  metrics.streamRecoveries.inc();
  logger.warn({ owner, events: lost.count }, 'the stream had lost events; they are published again');
}
