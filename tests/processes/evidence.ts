/** What the databases, the streams and the provider know of an order: looked at directly, past all services. */
import { eventAt, findStream, openEventBus } from '@ordergraph/platform/jetstream.ts';
import { streamName } from '@ordergraph/schema/events/streams.ts';
import { subgraphs, type SubgraphName } from '@ordergraph/schema/subgraphs.ts';
import { loadSecrets } from '@ordergraph/scripts/secrets.ts';
import postgres from 'postgres';
import { inject } from 'vitest';
import { z } from 'zod';
import type { ProcessSystem } from './process-system.ts';

export type Evidence = Awaited<ReturnType<typeof openEvidence>>;

const chargesSchema = z.object({
  data: z.array(z.object({ metadata: z.record(z.string(), z.string()) })),
  hasMore: z.literal(false),
});

export async function openEvidence(system: ProcessSystem) {
  const pools = subgraphs.map(
    ({ name }) => [name, postgres(system.databaseUrls[name], { max: 2 })] as const,
  );
  const sql = Object.fromEntries(pools) as Record<SubgraphName, postgres.Sql>;
  const bus = await openEventBus(inject('natsUrl'), system.prefix, 'evidence');
  const orders = streamName(system.prefix, 'order');
  const { sandboxApiKey } = await loadSecrets(system.dataDir);
  return {
    ordersOf: async (customerId: string) =>
      (await sql.order`select id from orders where customer_id = ${customerId}`).map(
        ({ id }) => id as string,
      ),
    /** The event with which an order began. */
    async placedEvent(orderId: string): Promise<{ id: string; isMarked: boolean }> {
      const [event] = await sql.order<{ id: string; isMarked: boolean }[]>`
        select id, published_at is not null as "isMarked" from outbox
        where subject = ${orderId} and type = 'order.placed'`;
      if (!event) throw new Error(`Nothing was told of ${orderId}`);
      return event;
    },
    /** How much stock is set aside, row by row. */
    reservations: async (orderId: string) =>
      (await sql.inventory`select quantity from reservations where order_id = ${orderId}`).map(
        ({ quantity }) => quantity as number,
      ),
    attempts: async (orderId: string) =>
      (await sql.payment`select status from payment_attempts where order_id = ${orderId}`).map(
        ({ status }) => status as string,
      ),
    /** How many charges the provider has for an order. */
    async charges(orderId: string): Promise<number> {
      const answer = await fetch(`${system.providerUrl}/v1/charges?limit=1000`, {
        headers: { authorization: `Bearer ${sandboxApiKey}` },
      });
      const { data } = chargesSchema.parse(await answer.json());
      return data.filter(({ metadata }) => metadata['orderId'] === orderId).length;
    },
    /** How many orders' events a consumer was given and has not acknowledged. */
    unacknowledged: async (consumer: SubgraphName) =>
      (await bus.manager.consumers.info(orders, consumer)).num_ack_pending,
    /** How often an event is in the stream of orders. */
    async copiesInStream(eventId: string): Promise<number> {
      const last = (await findStream(bus, 'order'))?.lastSequence ?? 0;
      const sequences = Array.from({ length: last }, (_, i) => i + 1);
      const events = await Promise.all(sequences.map((each) => eventAt(bus, 'order', each)));
      return events.filter((event) => event?.eventId === eventId).length;
    },
    /** Has the server forget which events it has, as it does after two minutes: it will not drop repeated ones. */
    async forgetEventIds(): Promise<void> {
      // The server may look at what it can forget just before a shorter window holds; the second time at the latest.
      for (const duplicate_window of [200_000_000, 100_000_000]) {
        const { config } = await bus.manager.streams.info(orders);
        await bus.manager.streams.update(orders, { ...config, duplicate_window });
      }
    },
    /** Keeps orders' relay from marking anything as published, for as long as the work takes. */
    async withoutMarking<T>(work: () => Promise<T>): Promise<T> {
      const done = await sql.order.begin(async (tx) => {
        await tx`select from stream_state where stream = ${orders} for update`;
        return { result: await work() };
      });
      return done.result;
    },
    /** Whether a session waits to mark something. */
    async isMarkingHeldUp(): Promise<boolean> {
      const waiting = await sql.order`
        select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'
          and query like '%update outbox%set published_at%'`;
      return waiting.length > 0;
    },
    async close(): Promise<void> {
      await Promise.all(Object.values(sql).map((pool) => pool.end()));
      await bus.close();
    },
  };
}
