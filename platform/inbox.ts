/**
 * A durable consumer of one owner's stream.
 *
 * Protocol: messages are taken as they come, up to a batch. In one transaction the ids are inserted into the inbox and
 * the events that were new there are handed to the handler; after the commit the messages are acknowledged.
 * A crash before the commit leaves nothing; a crash after it and before the acknowledgement has the messages delivered
 * again, and the inbox drops them. Whoever stops or is interrupted gives back what it has not handled; what a killed or
 * frozen instance held is delivered again after the acknowledgement wait, see `held-messages.ts`.
 *
 * A batch that fails for a passing reason (the database is away, a dead-lock) is tried again as it is. Any other failure
 * halves it until the events at fault stand alone; such an event is delivered again with back-off, and after its last
 * failure it goes, with its cause, to the dead letters. What cannot be read goes there at once. An event of a type or
 * version that only a newer program knows is left for that program's instances, and given up after minutes.
 *
 * The owner's relay renews the stream's epoch when the stream lost events. A consumer starts over, and the inbox drops
 * what it knows, if the epoch is not the one it recorded, if the durable consumer is missing, is ahead of its stream,
 * does not filter all events wanted, or has acknowledged an event that the database, put back in time, does not know.
 * Instances that share a durable consumer make it under a lock; one whose consumer was made anew subscribes again.
 */
import {
  AckPolicy,
  DeliverPolicy,
  type ConsumerInfo,
  type ConsumerMessages,
  type JsMsg,
} from '@nats-io/jetstream';
import {
  readEvent,
  type EventDefinition,
  type EventOf,
  type EventOwner,
} from '@ordergraph/schema/events/envelope.ts';
import { eventSubject, streamName } from '@ordergraph/schema/events/streams.ts';
import { isTransient, type Database, type Transaction } from './database.ts';
import { storeDeadLetter } from './dead-letters.ts';
import { HeldMessages } from './held-messages.ts';
import {
  consumerNotFound,
  eventAt,
  findStream,
  isApiError,
  streamNotFound,
  type EventBus,
} from './jetstream.ts';
import type { Logger } from './logger.ts';
import { backOffMs, Signal } from './signal.ts';
import type { Metrics } from './telemetry.ts';

export type ConsumerOptions<D extends EventDefinition, R = void> = {
  readonly sql: Database;
  readonly bus: EventBus;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The consumer's name: the service's. */
  readonly consumer: string;
  /** Whose stream is read. */
  readonly owner: EventOwner;
  /** The events wanted; others are not delivered. */
  readonly events: readonly D[];
  /** Gets events not dealt with before, in the order of the stream, in the transaction that writes the inbox. */
  readonly handle: (tx: Transaction, events: EventOf<D>[]) => Promise<R>;
  /** Called after each commit with what the handler returned, for example to wake the relay. */
  readonly afterCommit?: (result: R) => void;
  readonly batchMax?: number;
  /** How often an event may fail alone before it goes to the dead letters. */
  readonly deliveriesMax?: number;
  /** How long the server waits for an acknowledgement or a sign of life before it delivers again; 5 s by default. */
  readonly acknowledgeWithinMs?: number;
};

/** `stop` finishes the transaction at hand; what is not handled is delivered again at once, to whoever is there. */
export type Consumer = { stop(): Promise<void> };

type Readable<D extends EventDefinition> = { readonly message: JsMsg; readonly event: EventOf<D> };

const defaultBatchMax = 256;
const defaultDeliveriesMax = 6;
const defaultAcknowledgeWithinMs = 5_000;
/** The least for which the client may ask. */
const pullExpiryMinMs = 1_000;
const streamCheckMs = 1_000;
/** An event for a newer program comes back this often, at this interval: five minutes for a rolling deployment. */
const foreignDeliveriesMax = 60;
const foreignDelayMs = 5_000;
const nanosPerMs = 1_000_000;
/** How many events of other types may lie at the acknowledgement floor before the search for one of ours is given up. */
const floorSearchMax = 32;
/** The class of the advisory locks under which consumers are made. */
const consumerLock = 7_203_414;

/** Starts consuming; waits for the stream if its owner has not made it yet. */
export function startConsumer<D extends EventDefinition, R>(
  options: ConsumerOptions<D, R>,
): Consumer {
  const worker = new ConsumerWorker(options);
  const done = worker.run();
  return {
    async stop() {
      worker.requestStop();
      await done;
    },
  };
}

class ConsumerWorker<D extends EventDefinition, R> {
  readonly #options: ConsumerOptions<D, R>;
  readonly #stream: string;
  readonly #batchMax: number;
  readonly #subjects: readonly string[];
  readonly #signal = new Signal();
  readonly #stopSignal = new Signal();
  readonly #acknowledgeWithinMs: number;
  readonly #held: HeldMessages;
  /** How often an event failed alone, by stream sequence. Deliveries are no measure: they also count what waited. */
  readonly #failures = new Map<number, number>();
  /** Which incarnation of the durable consumer is subscribed to. */
  #consumerCreatedAt = '';
  #started = false;
  #stopping = false;

  constructor(options: ConsumerOptions<D, R>) {
    this.#options = options;
    this.#stream = streamName(options.bus.prefix, options.owner);
    this.#batchMax = options.batchMax ?? defaultBatchMax;
    this.#acknowledgeWithinMs = options.acknowledgeWithinMs ?? defaultAcknowledgeWithinMs;
    this.#held = new HeldMessages(this.#acknowledgeWithinMs);
    this.#subjects = options.events.map(({ type }) =>
      eventSubject(options.bus.prefix, options.owner, type),
    );
  }

  requestStop(): void {
    this.#stopping = true;
    this.#signal.ring();
    this.#stopSignal.ring();
  }

  async run(): Promise<void> {
    const { logger, owner, bus } = this.#options;
    const endProlonging = this.#held.prolong(() => !bus.connection.isClosed());
    let failures = 0;
    while (!this.#stopping) {
      let messages: ConsumerMessages | undefined;
      try {
        if (await this.#ensureConsumer()) {
          messages = await this.#subscribe();
          failures = 0;
          await this.#work();
        } else await this.#stopSignal.wait(100);
      } catch (error) {
        failures += 1;
        logger.warn({ err: error, owner, failures }, 'a consumer was interrupted');
        await this.#stopSignal.wait(backOffMs(failures, 100, 2_000));
      } finally {
        await messages?.close().catch(() => undefined);
        this.#giveBack(this.#held.take());
        this.#failures.clear();
      }
    }
    endProlonging();
    // What was given back is on its way before the connection may be closed.
    if (!bus.connection.isClosed()) {
      await Promise.race([bus.connection.flush().catch(() => undefined), pause(500)]);
    }
  }

  /** Makes the durable consumer, or makes it anew where it must start over; false while there is no stream. */
  async #ensureConsumer(): Promise<boolean> {
    const { sql, bus, owner, consumer, logger } = this.#options;
    return sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(${consumerLock}, hashtext(${`${this.#stream}:${consumer}`}))`;
      // The consumer first: whatever it has been given until now, the stream must have.
      let info = await this.#consumerInfo();
      const stream = await findStream(bus, owner);
      if (!stream?.epoch) return false;
      const epoch = await this.#knownEpoch(tx);
      const reason =
        info &&
        ((epoch !== stream.epoch && 'the stream has a new epoch') ||
          (info.delivered.stream_seq > stream.lastSequence && 'it is ahead of its stream') ||
          (!this.#isFiltered(info) && 'more events are wanted') ||
          (!(await this.#knowsAcknowledged(tx, info)) && 'the database went back in time'));
      if (reason) {
        if (epoch) logger.warn({ owner, reason }, 'reading the stream from its start');
        await bus.manager.consumers.delete(this.#stream, consumer);
        info = undefined;
      }
      info = await this.#makeConsumer(info);
      this.#consumerCreatedAt = info.created;
      this.#started = true;
      await tx`
        insert into consumer_state (consumer, stream, epoch)
        values (${consumer}, ${this.#stream}, ${stream.epoch})
        on conflict (consumer, stream) do update set epoch = excluded.epoch`;
      return true;
    });
  }

  async #makeConsumer(existing: ConsumerInfo | undefined): Promise<ConsumerInfo> {
    const { manager } = this.#options.bus;
    // What the code wants may change from version to version; where it starts and how it acknowledges may not.
    const changeable = {
      ack_wait: this.#acknowledgeWithinMs * nanosPerMs,
      max_ack_pending: 4 * this.#batchMax,
      filter_subjects: [...this.#subjects],
    };
    if (!existing) {
      return manager.consumers.add(this.#stream, {
        ...changeable,
        durable_name: this.#options.consumer,
        deliver_policy: DeliverPolicy.All,
        ack_policy: AckPolicy.Explicit,
      });
    }
    // Only a starting program narrows the filter; one already running may be older than the one that widened it.
    if (this.#started) return existing;
    return manager.consumers.update(this.#stream, this.#options.consumer, changeable);
  }

  async #consumerInfo(): Promise<ConsumerInfo | undefined> {
    try {
      return await this.#options.bus.manager.consumers.info(this.#stream, this.#options.consumer);
    } catch (error) {
      // A missing stream has no consumers either.
      if (isApiError(error, consumerNotFound) || isApiError(error, streamNotFound))
        return undefined;
      throw error;
    }
  }

  async #knownEpoch(sql: Database | Transaction): Promise<string | undefined> {
    const [known] = await sql<{ epoch: string }[]>`
      select epoch from consumer_state
      where consumer = ${this.#options.consumer} and stream = ${this.#stream}`;
    return known?.epoch;
  }

  #isFiltered({ config }: ConsumerInfo): boolean {
    const filtered = config.filter_subjects ?? [config.filter_subject];
    return this.#subjects.every((subject) => filtered.includes(subject));
  }

  /** Whether the database has dealt with the newest event up to which the consumer acknowledged. */
  async #knowsAcknowledged(tx: Transaction, { ack_floor }: ConsumerInfo): Promise<boolean> {
    const { bus, owner, consumer } = this.#options;
    const lowest = Math.max(0, ack_floor.stream_seq - floorSearchMax);
    for (let sequence = ack_floor.stream_seq; sequence > lowest; sequence -= 1) {
      const event = await eventAt(bus, owner, sequence);
      if (!event?.eventId || !this.#subjects.includes(event.subject)) continue;
      const rows = await tx`
        select from inbox where consumer = ${consumer} and event_id = ${event.eventId}
        union all
        select from dead_letters where consumer = ${consumer} and event_id = ${event.eventId}`;
      return rows.length > 0;
    }
    return true;
  }

  async #subscribe(): Promise<ConsumerMessages> {
    const { bus, consumer } = this.#options;
    const handle = await bus.client.consumers.get(this.#stream, consumer);
    // A frozen process asks for no more once its messages are due again: they all go to those that live.
    const expires = Math.max(pullExpiryMinMs, this.#acknowledgeWithinMs);
    return handle.consume({
      max_messages: 2 * this.#batchMax,
      expires,
      // A silent server is noticed after two of these; the pull is then renewed. The server takes no more than half.
      idle_heartbeat: Math.min(2_000, expires / 2),
      callback: (message) => {
        this.#held.arrived(message);
        this.#signal.ring();
      },
    });
  }

  /** Handles batches until the stream or the consumer is no longer what it was. */
  async #work(): Promise<void> {
    let checkDueMs = performance.now() + streamCheckMs;
    while (!this.#stopping) {
      if (this.#held.waiting === 0) await this.#signal.wait(streamCheckMs);
      if (performance.now() >= checkDueMs) {
        if (!(await this.#isCurrent())) return;
        checkDueMs = performance.now() + streamCheckMs;
      }
      const batch = this.#held.take(this.#batchMax);
      if (batch.length > 0) await this.#handleBatch(batch);
    }
  }

  async #isCurrent(): Promise<boolean> {
    const { sql, bus, owner } = this.#options;
    const info = await this.#consumerInfo();
    const stream = await findStream(bus, owner);
    if (!stream || info?.created !== this.#consumerCreatedAt) return false;
    if (info.delivered.stream_seq > stream.lastSequence || !this.#isFiltered(info)) return false;
    return (await this.#knownEpoch(sql)) === stream.epoch;
  }

  #giveBack(messages: readonly JsMsg[]): void {
    if (this.#options.bus.connection.isClosed()) return;
    for (const message of messages) message.nak();
  }

  async #handleBatch(batch: readonly JsMsg[]): Promise<void> {
    const readable: Readable<D>[] = [];
    const unreadable: { message: JsMsg; cause: unknown }[] = [];
    for (const message of batch) {
      try {
        const event = readEvent(this.#options.events, message.json());
        readable.push({ message, event });
      } catch (cause) {
        unreadable.push({ message, cause });
      }
    }
    // Readable ones first: a fault while storing a dead letter must not keep them waiting.
    await this.#handleTogether(readable);
    for (const { message, cause } of unreadable) {
      if (this.#isForNewerProgram(message)) message.nak(foreignDelayMs);
      else await this.#giveUp(message, cause);
    }
  }

  /** Commits events in one transaction; where that fails, in two halves, down to single events. */
  async #handleTogether(events: readonly Readable<D>[]): Promise<void> {
    if (events.length === 0) return;
    if (this.#stopping) return this.#giveBack(events.map(({ message }) => message));
    try {
      await this.#commit(events);
      for (const { message } of events) this.#acknowledge(message);
    } catch (error) {
      const [only] = events;
      if (this.#stopping) this.#giveBack(events.map(({ message }) => message));
      else if (events.length === 1 && only) await this.#failed(only.message, error);
      else {
        const { logger, owner } = this.#options;
        logger.warn({ err: error, owner, events: events.length }, 'a batch failed; halving it');
        const half = Math.ceil(events.length / 2);
        await this.#handleTogether(events.slice(0, half));
        await this.#handleTogether(events.slice(half));
      }
    }
  }

  async #failed(message: JsMsg, error: unknown): Promise<void> {
    const failures = (this.#failures.get(message.seq) ?? 0) + 1;
    this.#failures.set(message.seq, failures);
    if (failures >= (this.#options.deliveriesMax ?? defaultDeliveriesMax)) {
      await this.#giveUp(message, error);
    } else message.nak(backOffMs(failures, 100, 5_000));
  }

  #acknowledge(message: JsMsg): void {
    this.#failures.delete(message.seq);
    message.ack();
  }

  /** One transaction: inbox and effects. Passing failures are tried again until they pass or the consumer stops. */
  async #commit(readable: readonly Readable<D>[]): Promise<void> {
    const { sql, consumer, owner, handle, afterCommit, metrics, logger } = this.#options;
    const events = readable.map(({ event }) => event);
    for (let tries = 1; ; tries += 1) {
      try {
        this.#held.stepped();
        const handled = await sql.begin(async (tx) => {
          // What was given up here or elsewhere and now succeeds is no dead letter any more.
          const rows = await tx<{ event_id: string }[]>`
            with taken as (
              insert into inbox (consumer, event_id)
              select ${consumer}, id from unnest(${events.map((event) => event.id)}::text[]) as id
              on conflict do nothing returning event_id
            ), revived as (
              update dead_letters set replayed_at = clock_timestamp()
              where consumer = ${consumer} and replayed_at is null
                and event_id in (select event_id from taken)
            )
            select event_id from taken`;
          const unseen = new Set(rows.map((row) => row.event_id));
          const fresh = events.filter((event) => unseen.delete(event.id));
          if (fresh.length === 0) return undefined;
          return { count: fresh.length, result: await handle(tx, fresh) };
        });
        if (!handled) return;
        metrics.eventsConsumed.inc({ owner }, handled.count);
        metrics.batchEvents.observe({ owner }, handled.count);
        try {
          afterCommit?.(handled.result);
        } catch (error) {
          logger.error({ err: error, owner }, 'what follows a commit failed');
        }
        return;
      } catch (error) {
        if (!isTransient(error) || this.#stopping) throw error;
        logger.warn({ err: error, owner, tries }, 'a batch could not be committed; trying again');
        await this.#stopSignal.wait(backOffMs(tries, 50, 2_000));
      }
    }
  }

  /** Whether the subject is none of ours, or the version is above ours: then it is for a newer program. */
  #isForNewerProgram(message: JsMsg): boolean {
    if (message.info.deliveryCount >= foreignDeliveriesMax) return false;
    const definition = this.#options.events[this.#subjects.indexOf(message.subject)];
    if (!definition) return true;
    try {
      const { type, dataversion } = message.json<{ type: unknown; dataversion: unknown }>();
      return (
        type === definition.type &&
        Number.isInteger(dataversion) &&
        Number(dataversion) > definition.version
      );
    } catch {
      return false;
    }
  }

  async #giveUp(message: JsMsg, cause: unknown): Promise<void> {
    const { sql, consumer, owner, logger, metrics } = this.#options;
    const stored = await storeDeadLetter(sql, {
      consumer,
      messageId: message.headers?.get('Nats-Msg-Id') || `${this.#stream}:${message.seq}`,
      type: message.subject.slice(`${this.#options.bus.prefix}.${owner}.`.length),
      envelope: message.string(),
      cause: cause instanceof Error ? cause.message : String(cause),
      deliveries: message.info.deliveryCount,
    });
    if (stored) {
      const { seq: sequence } = message;
      logger.error({ err: cause, owner, sequence }, 'an event went to the dead letters');
      metrics.deadLetters.inc({ owner });
    }
    this.#acknowledge(message);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
