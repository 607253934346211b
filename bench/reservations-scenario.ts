/**
 * `reservations`: one SKU that everybody wants, exactly. Beside the inventory's consumer stands what a plain service
 * would do, a transaction for each order that takes the row's lock, in its quickest form: one statement.
 */
import { randomUUID } from 'node:crypto';
import { systemClock } from '@ordergraph/platform/clock.ts';
import type { Database } from '@ordergraph/platform/database.ts';
import { newId } from '@ordergraph/platform/ids.ts';
import { startConsumer } from '@ordergraph/platform/inbox.ts';
import {
  createStream,
  deleteStream,
  openEventBus,
  type EventBus,
} from '@ordergraph/platform/jetstream.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { createMetrics } from '@ordergraph/platform/telemetry.ts';
import { createInventory, type Inventory } from '@ordergraph/inventory/commands.ts';
import { handleOrderEvents, orderEventsHeard } from '@ordergraph/inventory/messaging/consumers.ts';
import { publish } from '@ordergraph/inventory/messaging/publish.ts';
import { inventoryInvariants } from '@ordergraph/inventory/store/invariants.ts';
import { createEvent, type EventEnvelope } from '@ordergraph/schema/events/envelope.ts';
import { orderPlaced } from '@ordergraph/schema/events/order.ts';
import { eventSubject } from '@ordergraph/schema/events/streams.ts';
import { besideMark, type Section } from './report.ts';
import { interleave } from './rounds.ts';
import type { BenchOptions, Scenario } from './scenario.ts';
import { scratchDatabase } from './scratch-database.ts';
import { shown, spread } from './statistics.ts';
import { startSystem, type System } from './system.ts';

const connections = 8;
const batchedFactor = 5;
const holdDurationMs = 900_000;
/** Of each run's orders the last find nothing left: exactness is seen at the edge. */
const shareInStock = 0.9;
const publishingAtOnce = 256;
const mark = 4;
const natsPrefix = 'bench';
const cause = { correlationId: 'bench', causationId: null };

type Shelf = { readonly sku: string; readonly stock: number };
type Way = {
  readonly name: string;
  readonly orders: number;
  /** Takes stock for so many orders of one each, and says how many seconds that took. */
  readonly take: (shelf: Shelf, orders: number) => Promise<number>;
};

export const reservationsScenario: Scenario = {
  name: 'reservations',
  about: 'reservations a second of one SKU: a transaction an order, and the inventory’s consumer',
  async run(options) {
    const system = await startSystem();
    try {
      return [await measureAll(system, options)];
    } finally {
      await system.stop();
    }
  },
};

async function measureAll(
  system: System,
  { orders, rounds, progress }: BenchOptions,
): Promise<Section> {
  const { sql, close } = await scratchDatabase(system, {
    name: 'bench_reservations',
    migrations: new URL('../subgraphs/inventory/store/migrations/', import.meta.url),
    poolMax: connections,
  });
  const bus = await openEventBus(system.natsUrl, natsPrefix, 'bench');
  try {
    const inventory = createInventory({
      sql,
      clock: systemClock,
      holdDurationMs,
      publish,
      published: () => undefined,
    });
    const ways: Way[] = [
      {
        name: 'a transaction an order',
        orders,
        take: (shelf, count) => takeOneByOne(sql, shelf, count),
      },
      {
        name: 'the inventory’s consumer',
        orders: orders * batchedFactor,
        take: (shelf, count) => consume({ sql, bus, inventory }, shelf, count),
      },
    ];
    await measureOne(sql, inventory, { ...ways[1], orders: Math.ceil(orders / 2) } as Way);
    const samples = await interleave(ways, rounds, (way, round) => {
      progress(`reservations: round ${round + 1} of ${rounds}, ${way.name}`);
      return measureOne(sql, inventory, way);
    });
    return sectionOf(ways, samples, await checkBook(sql));
  } finally {
    await bus.close();
    await close();
  }
}

/** Orders a second for a SKU of its own, of which exactly what is in stock must be held in the end. */
async function measureOne(
  sql: Database,
  inventory: Inventory,
  { orders, take }: Way,
): Promise<number> {
  const shelf = { sku: randomUUID(), stock: Math.floor(orders * shareInStock) };
  const request = () => ({ caller: 'bench', idempotencyKey: randomUUID(), cause });
  const { sku, stock: delta } = shelf;
  const price = { unitPriceMinor: 100, currency: 'GBP' };
  await inventory.upsertProduct({
    ...request(),
    product: { ...price, sku, name: sku, description: null },
  });
  const place = { sku, warehouse: 'main', delta };
  await inventory.adjustStock({ ...request(), ...place, reason: 'bench' });
  const tookS = await take(shelf, orders);
  const [level] = await sql<{ held: number; holds: number }[]>`
    select held, (select count(*) from reservations where sku = ${sku}) as holds
    from stock where sku = ${sku}`;
  if (level?.held !== delta || level.holds !== delta) {
    throw new Error(`Of ${delta} pieces ${level?.held} are held, by ${level?.holds} reservations`);
  }
  return orders / tookS;
}

/** The rows are those that the inventory writes: inbox, order, reservation, answer. */
async function takeOneByOne(sql: Database, { sku }: Shelf, orders: number): Promise<number> {
  const work = Array.from({ length: orders }, () => placed(sku)).values();
  const startedAtMs = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (const event of work) {
        const answer = { ...event, id: newId('evt'), type: 'stock.held', causationid: event.id };
        await sql`
          with seen as (
            insert into inbox (consumer, event_id) values ('naive', ${event.id})
          ), taken as (
            update stock set held = held + 1
            where sku = ${sku} and warehouse = 'main' and on_hand - held - allocated >= 1
            returning sku
          ), known as (
            insert into order_stock (order_id, customer_id, state, expires_at, created_at, updated_at)
            select ${event.subject}, 'bench', case when found then 'HELD' else 'REFUSED' end,
              case when found then now() + interval '15 min' end, now(), now()
            from (select exists (select from taken) as found) as outcome
          ), answered as (
            insert into outbox (id, type, subject, envelope)
            values (${answer.id}, ${answer.type}, ${answer.subject}, ${JSON.stringify(answer)}::text::json)
          )
          insert into reservations (id, order_id, line_id, sku, warehouse, quantity, status)
          select ${newId('rsv')}, ${event.subject}, ${newId('oln')}, sku, 'main', 1, 'HELD'
          from taken`;
      }
    }),
  );
  return (performance.now() - startedAtMs) / 1_000;
}

type ConsumerParts = {
  readonly sql: Database;
  readonly bus: EventBus;
  readonly inventory: Inventory;
};

/** The events are in the stream; measured is the consumer, from its start until the last batch is committed. */
async function consume(
  { sql, bus, inventory }: ConsumerParts,
  { sku }: Shelf,
  orders: number,
): Promise<number> {
  await deleteStream(bus, 'order');
  await createStream(bus, 'order');
  const events = Array.from({ length: orders }, () => placed(sku)).values();
  await Promise.all(
    Array.from({ length: publishingAtOnce }, async () => {
      for (const event of events) {
        const subject = eventSubject(bus.prefix, 'order', event.type);
        await bus.client.publish(subject, JSON.stringify(event), { msgID: event.id });
      }
    }),
  );
  const done = Promise.withResolvers<void>();
  let handled = 0;
  const startedAtMs = performance.now();
  const consumer = startConsumer({
    sql,
    bus,
    logger: createLogger('bench', 'warn'),
    metrics: createMetrics('bench'),
    consumer: 'inventory',
    owner: 'order',
    events: orderEventsHeard,
    async handle(tx, batch) {
      await handleOrderEvents(inventory, tx, batch);
      return batch.length;
    },
    afterCommit(count) {
      handled += count;
      if (handled === orders) done.resolve();
    },
  });
  await done.promise;
  const tookS = (performance.now() - startedAtMs) / 1_000;
  await consumer.stop();
  return tookS;
}

function placed(sku: string): EventEnvelope {
  const orderId = newId('ord');
  return createEvent(orderPlaced, {
    id: newId('evt'),
    subject: orderId,
    time: new Date(),
    data: { orderId, customerId: 'bench', lines: [{ lineId: newId('oln'), sku, quantity: 1 }] },
    cause,
  });
}

/** @throws Error if the book of stock does not add up */
async function checkBook(sql: Database): Promise<string> {
  for (const { promise, offenders } of inventoryInvariants) {
    const rows = await sql.unsafe(offenders);
    if (rows.length > 0) throw new Error(`${promise}: ${rows.length} rows do not`);
  }
  return `Of each run’s orders exactly those were refused that found nothing left; all ${inventoryInvariants.length} invariants of the inventory hold.`;
}

function sectionOf(
  ways: readonly Way[],
  samples: readonly (readonly number[])[],
  checked: string,
): Section {
  const [one = [], batched = []] = samples;
  const ratios = spread(batched.map((rate, round) => rate / (one[round] ?? Number.NaN)));
  return {
    title: 'Reservations of one SKU',
    method: `Orders of one piece each, more than there is. A transaction an order: one prepared statement that takes the lock and writes the same rows, from ${connections} connections. The consumer: the inventory’s own, from events in the stream to committed and acknowledged, up to 256 a transaction. fsync on.`,
    header: ['', 'reservations/s'],
    rows: ways.map(({ name }, i) => [name, shown(spread(samples[i] ?? []))]),
    findings: [
      `The consumer’s rate by that of a transaction an order, ${shown(ratios, 1)} by round: ${besideMark(ratios.median, { atLeast: mark })}.`,
      checked,
    ],
  };
}
