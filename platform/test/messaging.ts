/** An outbox, a stream and consumers for tests: real PostgreSQL, real NATS, names of their own. */
import { randomUUID } from 'node:crypto';
import { testDatabase } from '@ordergraph/tests/database.ts';
import { createEvent, defineEvent, type EventOf } from '@ordergraph/schema/events/envelope.ts';
import { inject } from 'vitest';
import { z } from 'zod';
import { openDatabase, type Transaction } from '../database.ts';
import { newId } from '../ids.ts';
import { startConsumer, type Consumer, type ConsumerOptions } from '../inbox.ts';
import { openEventBus, type EventBus } from '../jetstream.ts';
import { createLogger } from '../logger.ts';
import { appendToOutbox } from '../outbox.ts';
import { startRelay, type Relay } from '../relay.ts';
import { createMetrics } from '../telemetry.ts';

export const noted = defineEvent({
  type: 'test.noted',
  version: 1,
  owner: 'order',
  data: z.object({ n: z.int(), note: z.string().optional() }),
});
export const remarked = defineEvent({ ...noted, type: 'test.remarked' });
export type Noted = EventOf<typeof noted>;

type Definition = typeof noted | typeof remarked;
export type Effect = { event_id: string; subject: string; n: number };
export type Messaging = Awaited<ReturnType<typeof openMessaging>>;

export const migrations = new URL('./migrations/', import.meta.url);

/** `close` stops whatever was started by this value. */
export async function openMessaging(options: { natsUrl?: string } = {}) {
  const database = await testDatabase(migrations);
  const { sql } = database;
  await sql`
    create table effects (
      place bigserial, consumer text, event_id text, subject text, n int,
      primary key (consumer, event_id)
    )`;
  const prefix = `t${randomUUID().slice(0, 8)}`;
  const natsUrl = options.natsUrl ?? inject('natsUrl');
  const bus = await openEventBus(natsUrl, prefix, 'test');
  const logged: string[] = [];
  const logger = createLogger('test', 'debug', { write: (line) => void logged.push(line) });
  const metrics = createMetrics('test');
  const running: (Relay | Consumer)[] = [];
  const closing: (() => Promise<unknown>)[] = [];
  let written = 0;

  return {
    database,
    sql,
    bus,
    prefix,
    logged,
    logger,
    metrics,
    stream: `${prefix}-order`,

    /** A connection of its own, for what is to break alone. */
    async openBus(): Promise<EventBus> {
      const other = await openEventBus(natsUrl, prefix, 'test');
      closing.push(() => other.close());
      return other;
    },
    /** Writes one event for each subject, in one transaction; returns their ids. */
    async write(subjects: readonly string[], definition: Definition = noted): Promise<string[]> {
      const events = subjects.map((subject) =>
        createEvent(definition, {
          id: newId('evt'),
          subject,
          time: new Date(),
          data: { n: (written += 1) },
          cause: { correlationId: 'test', causationId: null },
        }),
      );
      await sql.begin((tx) => appendToOutbox(tx, events));
      return events.map(({ id }) => id);
    },
    relay(given: Partial<{ bus: EventBus }> = {}): Relay {
      const own = openDatabase(database.url, { poolMax: 2, name: 'relay' });
      closing.push(() => own.end({ timeout: 1 }));
      const relay = startRelay({ sql: own, bus, owner: 'order', logger, metrics, ...given });
      running.push(relay);
      return relay;
    },
    /** A consumer that writes an effect for each event; `handle` may do more, or fail. */
    consumer(given: Partial<ConsumerOptions<Definition>> & { consumer: string }): Consumer {
      const handle = given.handle;
      const consumer = startConsumer<Definition, void>({
        sql,
        bus,
        logger,
        metrics,
        owner: 'order',
        events: [noted],
        ...given,
        handle: async (tx, events) => {
          await handle?.(tx, events);
          await writeEffects(tx, given.consumer, events);
        },
      });
      running.push(consumer);
      return consumer;
    },
    /** What a consumer did, in the order in which it did it. */
    async effects(consumer: string): Promise<Effect[]> {
      const rows = await sql<Effect[]>`
        select event_id, subject, n from effects where consumer = ${consumer} order by place`;
      return [...rows];
    },
    async unpublished(): Promise<number> {
      const [row] = await sql<{ count: number }[]>`
        select count(*) as count from outbox where published_at is null`;
      return row?.count ?? 0;
    },
    async deadLetters(): Promise<{ event_id: string; cause: string; envelope: string }[]> {
      const rows = await sql<{ event_id: string; cause: string; envelope: string }[]>`
        select event_id, cause, envelope from dead_letters`;
      return [...rows];
    },
    async close(): Promise<void> {
      await Promise.all(running.map((one) => one.stop()));
      await bus.manager.streams.delete(`${prefix}-order`).catch(() => undefined);
      await Promise.all(closing.map((close) => close()));
      await bus.close();
      await database.drop();
    },
  };
}

/** Fails if an event had an effect before: effects are at most once, or the primary key tells. */
async function writeEffects(
  tx: Transaction,
  consumer: string,
  events: readonly EventOf<Definition>[],
): Promise<void> {
  await tx`
    insert into effects (consumer, event_id, subject, n)
    select ${consumer}, id, subject, n
    from unnest(
      ${events.map(({ id }) => id)}::text[],
      ${events.map(({ subject }) => subject)}::text[],
      ${events.map(({ data }) => data.n)}::int[]
    ) with ordinality as event (id, subject, n, ordinal)
    order by ordinal`;
}

/** Whether, subject by subject, effects came in the order in which the events were written. */
export function inOrder(effects: readonly Effect[]): boolean {
  const reached = new Map<string, number>();
  return effects.every(({ subject, n }) => {
    const before = reached.get(subject) ?? 0;
    reached.set(subject, n);
    return n > before;
  });
}
