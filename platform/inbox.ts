/**
 * A durable consumer of one owner's stream.
 *
 * Protocol: messages are taken as they come, up to a batch. In one transaction the ids are inserted into the inbox and
 * the events that were new there are handed to the handler; after the commit the messages are acknowledged.
 * A crash before the commit leaves nothing; a crash after it and before the acknowledgement has the messages delivered
 * again, and the inbox drops them.
 *
 * A batch that fails for a passing reason (the database is away, a dead-lock) is tried again as it is. Any other failure
 * splits it: each event is handled alone, one that fails is delivered again with back-off, and after the last delivery
 * it goes, with its cause, to the dead letters. What cannot be read goes there at once.
 *
 * The owner's relay renews the stream's epoch when the stream lost events. A consumer that finds another epoch than the
 * one it recorded, or finds itself missing, is created anew from the stream's start; the inbox drops what it knows.
 */
import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiError,
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
import { findStream, type EventBus } from './jetstream.ts';
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
};

/** `stop` finishes the batch at hand; what is not acknowledged is delivered again later. */
export type Consumer = { stop(): Promise<void> };

const defaultBatchMax = 256;
const defaultDeliveriesMax = 6;
const acknowledgeWithinMs = 30_000;
const streamCheckMs = 1_000;
const nanosPerMs = 1_000_000;
const consumerNotFound = 10_014;

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
  readonly #signal = new Signal();
  /** Messages by stream sequence, so that one delivered again replaces its earlier self. */
  readonly #waiting = new Map<number, JsMsg>();
  #stopping = false;

  constructor(options: ConsumerOptions<D, R>) {
    this.#options = options;
    this.#stream = streamName(options.bus.prefix, options.owner);
  }

  requestStop(): void {
    this.#stopping = true;
    this.#signal.ring();
  }

  async run(): Promise<void> {
    const { logger, owner } = this.#options;
    let failures = 0;
    while (!this.#stopping) {
      let messages: ConsumerMessages | undefined;
      try {
        if (await this.#ensureConsumer()) {
          messages = await this.#subscribe();
          failures = 0;
          await this.#work();
        } else await this.#signal.wait(100);
      } catch (error) {
        failures += 1;
        logger.warn({ err: error, owner, failures }, 'a consumer was interrupted');
        await this.#signal.wait(backOffMs(failures, 100, 2_000));
      } finally {
        await messages?.close().catch(() => undefined);
        this.#waiting.clear();
      }
    }
  }

  /** Makes the durable consumer, from the stream's start if the epoch changed; false while there is no stream. */
  async #ensureConsumer(): Promise<boolean> {
    const { sql, bus, owner, consumer, events, logger } = this.#options;
    const stream = await findStream(bus, owner);
    if (!stream?.epoch) return false;
    const [known] = await sql<{ epoch: string }[]>`
      select epoch from consumer_state where consumer = ${consumer} and stream = ${this.#stream}`;
    if (known?.epoch !== stream.epoch) {
      if (known) logger.warn({ owner }, 'the stream has a new epoch; reading it from its start');
      await bus.manager.consumers.delete(this.#stream, consumer).catch(() => undefined);
    }
    // What the code wants may change from version to version; where it starts and how it acknowledges may not.
    const changeable = {
      ack_wait: acknowledgeWithinMs * nanosPerMs,
      max_ack_pending: 4 * this.#batchMax,
      filter_subjects: events.map((event) => eventSubject(bus.prefix, owner, event.type)),
    };
    if (await this.#exists()) {
      await bus.manager.consumers.update(this.#stream, consumer, changeable);
    } else {
      await bus.manager.consumers.add(this.#stream, {
        ...changeable,
        durable_name: consumer,
        deliver_policy: DeliverPolicy.All,
        ack_policy: AckPolicy.Explicit,
      });
    }
    await sql`
      insert into consumer_state (consumer, stream, epoch)
      values (${consumer}, ${this.#stream}, ${stream.epoch})
      on conflict (consumer, stream) do update set epoch = excluded.epoch`;
    return true;
  }

  async #exists(): Promise<boolean> {
    try {
      await this.#options.bus.manager.consumers.info(this.#stream, this.#options.consumer);
      return true;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.apiError().err_code === consumerNotFound) {
        return false;
      }
      throw error;
    }
  }

  async #subscribe(): Promise<ConsumerMessages> {
    const { bus, consumer } = this.#options;
    const handle = await bus.client.consumers.get(this.#stream, consumer);
    return handle.consume({
      max_messages: 2 * this.#batchMax,
      callback: (message) => {
        this.#waiting.set(message.seq, message);
        this.#signal.ring();
      },
    });
  }

  /** Handles batches until the stream or the consumer is no longer what it was. */
  async #work(): Promise<void> {
    let checkedAtMs = Date.now();
    while (!this.#stopping) {
      if (this.#waiting.size === 0) await this.#signal.wait(streamCheckMs);
      if (Date.now() - checkedAtMs >= streamCheckMs) {
        if (!(await this.#isCurrent())) return;
        checkedAtMs = Date.now();
      }
      const batch = this.#takeBatch();
      if (batch.length > 0 && !this.#stopping) await this.#handleBatch(batch);
    }
  }

  async #isCurrent(): Promise<boolean> {
    const { sql, bus, owner, consumer } = this.#options;
    const stream = await findStream(bus, owner);
    if (!stream) return false;
    await bus.manager.consumers.info(this.#stream, consumer);
    const [known] = await sql<{ epoch: string }[]>`
      select epoch from consumer_state where consumer = ${consumer} and stream = ${this.#stream}`;
    return known?.epoch === stream.epoch;
  }

  #takeBatch(): JsMsg[] {
    const batch = [...this.#waiting.values()]
      .toSorted((a, b) => a.seq - b.seq)
      .slice(0, this.#batchMax);
    for (const message of batch) this.#waiting.delete(message.seq);
    return batch;
  }

  async #handleBatch(batch: readonly JsMsg[]): Promise<void> {
    const readable: { message: JsMsg; event: EventOf<D> }[] = [];
    for (const message of batch) {
      try {
        readable.push({ message, event: readEvent(this.#options.events, message.json()) });
      } catch (error) {
        await this.#giveUp(message, error);
      }
    }
    if (readable.length === 0) return;
    try {
      await this.#commit(readable.map(({ event }) => event));
      for (const { message } of readable) message.ack();
    } catch (error) {
      this.#options.logger.warn({ err: error, events: batch.length }, 'a batch failed; one by one');
      for (const { message, event } of readable) await this.#handleAlone(message, event);
    }
  }

  async #handleAlone(message: JsMsg, event: EventOf<D>): Promise<void> {
    try {
      await this.#commit([event]);
      message.ack();
    } catch (error) {
      const deliveries = message.info.deliveryCount;
      if (deliveries >= (this.#options.deliveriesMax ?? defaultDeliveriesMax)) {
        await this.#giveUp(message, error);
      } else message.nak(backOffMs(deliveries, 100, 5_000));
    }
  }

  /** One transaction: inbox and effects. Passing failures are tried again until they pass or the consumer stops. */
  async #commit(events: readonly EventOf<D>[]): Promise<void> {
    const { sql, consumer, owner, handle, afterCommit, metrics, logger } = this.#options;
    for (let tries = 1; ; tries += 1) {
      try {
        const handled = await sql.begin(async (tx) => {
          const rows = await tx<{ event_id: string }[]>`
            insert into inbox (consumer, event_id)
            select ${consumer}, id from unnest(${events.map((event) => event.id)}::text[]) as id
            on conflict do nothing returning event_id`;
          const unseen = new Set(rows.map((row) => row.event_id));
          const fresh = events.filter((event) => unseen.delete(event.id));
          if (fresh.length === 0) return undefined;
          return { count: fresh.length, result: await handle(tx, fresh) };
        });
        if (handled) {
          metrics.eventsConsumed.inc({ owner }, handled.count);
          metrics.batchEvents.observe({ owner }, handled.count);
          afterCommit?.(handled.result);
        }
        return;
      } catch (error) {
        if (!isTransient(error) || this.#stopping) throw error;
        logger.warn({ err: error, owner, tries }, 'a batch could not be committed; trying again');
        await new Promise((resolve) => setTimeout(resolve, backOffMs(tries, 50, 2_000)));
      }
    }
  }

  async #giveUp(message: JsMsg, cause: unknown): Promise<void> {
    const { sql, consumer, owner, logger, metrics } = this.#options;
    await storeDeadLetter(sql, {
      consumer,
      messageId: message.headers?.get('Nats-Msg-Id') ?? `${this.#stream}:${message.seq}`,
      type: message.subject.slice(`${this.#options.bus.prefix}.${owner}.`.length),
      envelope: message.string(),
      cause: cause instanceof Error ? cause.message : String(cause),
      deliveries: message.info.deliveryCount,
    });
    logger.error({ err: cause, owner, sequence: message.seq }, 'an event went to the dead letters');
    metrics.deadLetters.inc({ owner });
    message.ack();
  }

  get #batchMax(): number {
    return this.#options.batchMax ?? defaultBatchMax;
  }
}
