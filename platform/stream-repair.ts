/**
 * Finds out whether a stream still holds what its owner published, and has the outbox publish again what it lost.
 *
 * The outbox says at which sequence the stream has each event. A stream that was put back to an older copy holds those
 * up to some sequence and, above it, nothing or other events: so the last one in its place is found by bisection, with
 * some twenty requests for a stream of a million. A stream that was made anew holds none of them.
 */
import type { EventOwner } from '@ordergraph/schema/events/envelope.ts';
import { streamName } from '@ordergraph/schema/events/streams.ts';
import type { Transaction } from './database.ts';
import {
  createStream,
  deleteStream,
  eventAt,
  findStream,
  renewEpoch,
  type EventBus,
  type StreamSnapshot,
} from './jetstream.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './telemetry.ts';

export type StreamOptions = {
  readonly bus: EventBus;
  readonly owner: EventOwner;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

/** What the owner knows of its stream. `lastSequence` is the mark: the highest sequence acknowledged, 0 for none. */
export type StreamMark = { createdAt: string; epoch: string; lastSequence: number };

/** What is known of the stream, or undefined before it was made. */
export async function readMark(
  { bus, owner }: Pick<StreamOptions, 'bus' | 'owner'>,
  tx: Transaction,
): Promise<StreamMark | undefined> {
  const [mark] = await tx<StreamMark[]>`
    select created_at as "createdAt", epoch, last_sequence as "lastSequence"
    from stream_state where stream = ${streamName(bus.prefix, owner)}`;
  return mark;
}

/** Whether the stream has, at the mark, the event that the outbox says was put there. */
export async function holdsMark(
  { bus, owner }: Pick<StreamOptions, 'bus' | 'owner'>,
  tx: Transaction,
  { lastSequence }: StreamMark,
): Promise<boolean> {
  if (lastSequence === 0) return true;
  const rows = await tx<{ id: string }[]>`
    select id from outbox where stream_sequence = ${lastSequence}`;
  if (rows.length === 0) return true;
  const found = await eventAt(bus, owner, lastSequence);
  return rows.some(({ id }) => id === found?.eventId);
}

/** Makes the stream if it is missing, and repairs it if it is not what it was. */
export async function checkStream(options: StreamOptions, tx: Transaction): Promise<'checked'> {
  const { bus, owner } = options;
  const mark = await readMark(options, tx);
  const found = await findStream(bus, owner);
  if (!found) {
    await publishAgain(options, tx, { stream: await createStream(bus, owner), keptSequence: 0 });
  } else if (found.purged) {
    // A purge keeps the sequence and the memory of message ids, so the same stream would refuse its events as repeated.
    await deleteStream(bus, owner);
    await publishAgain(options, tx, { stream: await createStream(bus, owner), keptSequence: 0 });
  } else if (mark?.createdAt !== found.createdAt) {
    const stream = await renewEpoch(bus, owner);
    await publishAgain(options, tx, { stream, keptSequence: 0 });
  } else if (
    mark.epoch !== found.epoch ||
    found.lastSequence < mark.lastSequence ||
    !(await holdsMark(options, tx, mark))
  ) {
    const keptSequence = await lastInPlace(options, tx);
    await publishAgain(options, tx, { stream: await renewEpoch(bus, owner), keptSequence });
  }
  return 'checked';
}

/** The highest sequence at which the stream has the event that the outbox says, 0 if there is none. */
async function lastInPlace({ bus, owner }: StreamOptions, tx: Transaction): Promise<number> {
  let kept = 0;
  const [newest] = await tx<{ sequence: number | null }[]>`
    select max(stream_sequence) as sequence from outbox`;
  let lost = (newest?.sequence ?? 0) + 1;
  while (lost - kept > 1) {
    const middle = Math.floor((kept + lost) / 2);
    // Sequences may have gaps; the nearest event at or below the middle stands for it.
    const [row] = await tx<{ id: string; sequence: number }[]>`
      select id, stream_sequence as sequence from outbox
      where stream_sequence <= ${middle} and stream_sequence > ${kept}
      order by stream_sequence desc limit 1`;
    if (!row) kept = middle;
    else if ((await eventAt(bus, owner, row.sequence))?.eventId === row.id) kept = middle;
    else lost = row.sequence;
  }
  const [last] = await tx<{ sequence: number }[]>`
    select coalesce(max(stream_sequence), 0) as sequence from outbox where stream_sequence <= ${kept}`;
  return last?.sequence ?? 0;
}

async function publishAgain(
  { bus, owner, logger, metrics }: StreamOptions,
  tx: Transaction,
  { stream, keptSequence }: { stream: StreamSnapshot; keptSequence: number },
): Promise<void> {
  // Nearly the whole outbox may be concerned, which takes longer than any other statement may.
  await tx`set local statement_timeout = 0`;
  const lost = await tx`
    update outbox set published_at = null, stream_sequence = null
    where published_at is not null
      and (stream_sequence > ${keptSequence} or stream_sequence is null)`;
  await tx`
    insert into stream_state (stream, created_at, epoch, last_sequence)
    values (${streamName(bus.prefix, owner)}, ${stream.createdAt}, ${stream.epoch}, ${keptSequence})
    on conflict (stream) do update
    set created_at = excluded.created_at, epoch = excluded.epoch, last_sequence = excluded.last_sequence`;
  if (lost.count === 0) return;
  metrics.streamRecoveries.inc();
  logger.warn(
    { owner, events: lost.count },
    'the stream had lost events; they are published again',
  );
}
