import * as fc from 'fast-check';
import { createEvent } from '@ordergraph/schema/events/envelope.ts';
import { orderCancelled, orderConfirmed, orderEvents } from '@ordergraph/schema/events/order.ts';
import { readEvent } from '@ordergraph/schema/events/envelope.ts';
import { newId } from '@ordergraph/platform/ids.ts';
import { testDatabase } from '@ordergraph/tests/database.ts';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { Figures, Grouping } from './domain/report.ts';
import { handleOrderEvents, type ConsumedEvent } from './messaging/consumers.ts';
import { countSales, newestEventAt } from './store/sales-report.ts';

const database = await testDatabase(new URL('./store/migrations/', import.meta.url));
const { sql } = database;
afterAll(() => database.drop());

const cause = { correlationId: 'test', causationId: null };
const contact = { name: 'Alice Planted', email: 'alice.planted@example.test' };

beforeEach(clear);

async function clear(): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`alter table order_events disable trigger user`;
    await tx`truncate order_events, sales, sales_lines`;
    await tx`alter table order_events enable trigger user`;
  });
}

type Line = { sku: string; quantity: number; totalMinor: number };
type OrderModel = { id: string; day: string; currency: string; lines: Line[]; cancelled: boolean };

function confirmed({ id, day, currency, lines }: OrderModel): ConsumedEvent {
  const time = new Date(`${day}T12:00:00Z`);
  return decoded(
    createEvent(orderConfirmed, {
      id: newId('evt'),
      subject: id,
      time,
      cause,
      data: {
        orderId: id,
        customerId: 'alice',
        number: '10001',
        countryCode: 'GB',
        channel: 'SANDBOX',
        currency,
        totalMinor: lines.reduce((sum, line) => sum + line.totalMinor, 0),
        lines: lines.map((line, i) => ({ ...line, lineId: `${id}-${i}`, name: line.sku })),
        contact,
      },
    }),
  );
}

function cancelled({ id }: { id: string }): ConsumedEvent {
  return decoded(
    createEvent(orderCancelled, {
      id: newId('evt'),
      subject: id,
      time: new Date('2026-02-01T00:00:00Z'),
      cause,
      data: { orderId: id, customerId: 'alice', number: '10001', reason: 'My own words', contact },
    }),
  );
}

/** As the inbox gives it: read from the wire. */
function decoded(event: unknown): ConsumedEvent {
  return readEvent(orderEvents, JSON.parse(JSON.stringify(event)));
}

function order(id: string, change: Partial<OrderModel> = {}): OrderModel {
  const lines = [{ sku: 'MUG', quantity: 2, totalMinor: 500 }];
  return { id, day: '2026-01-05', currency: 'GBP', lines, cancelled: false, ...change };
}

async function handle(...events: ConsumedEvent[]): Promise<void> {
  await sql.begin((tx) => handleOrderEvents(tx, events));
}

const report = (groupBy: Grouping, from = '2026-01-01', to = '2026-01-31') =>
  countSales(sql, { from, to, groupBy }, 10_001);

/** The figures that a report must show, from the orders themselves. */
function figuresOf(orders: readonly OrderModel[], wanted: (line: Line) => boolean): Figures {
  const sold = orders
    .map((each) => ({ ...each, lines: each.lines.filter(wanted) }))
    .filter(({ lines }) => lines.length > 0);
  const lines = sold.flatMap((each) =>
    each.lines.map((line) => ({ ...line, currency: each.currency })),
  );
  const byCurrency = Map.groupBy(lines, ({ currency }) => currency);
  return {
    orders: sold.length,
    lines: lines.length,
    units: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    revenue: [...byCurrency]
      .map(([currency, of]) => ({
        currency,
        minor: of.reduce((sum, { totalMinor }) => sum + totalMinor, 0),
      }))
      .toSorted((a, b) => (a.currency < b.currency ? -1 : 1)),
  };
}

const orderArbitrary = fc.record({
  day: fc.constantFrom('2025-12-31', '2026-01-01', '2026-01-15', '2026-01-31', '2026-02-01'),
  currency: fc.constantFrom('GBP', 'EUR', 'JPY'),
  lines: fc.array(
    fc.record({
      sku: fc.constantFrom('MUG', 'PLATE', 'bowl', 'Äpfel'),
      quantity: fc.integer({ min: 1, max: 1000 }),
      totalMinor: fc.integer({ min: 0, max: 10_000_000 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  confirmed: fc.boolean(),
  cancelled: fc.boolean(),
});

test('reports equal the sum of the events, in any order and with repeats', async () => {
  const history = fc.array(orderArbitrary, { maxLength: 8 }).chain((orders) => {
    const events = orders.flatMap((each, i) => {
      const model = { ...each, id: `ord_${i}` };
      return [
        ...(each.confirmed ? [confirmed(model)] : []),
        ...(each.cancelled ? [cancelled(model)] : []),
      ];
    });
    const shuffled = fc.shuffledSubarray([...events, ...events], {
      minLength: events.length * 2,
    });
    return fc.tuple(fc.constant(orders), shuffled, fc.integer({ min: 1, max: 5 }));
  });
  await fc.assert(
    fc.asyncProperty(history, async ([orders, events, batchSize]) => {
      await clear();
      for (let i = 0; i < events.length; i += batchSize) {
        await handle(...events.slice(i, i + batchSize));
      }
      const counted = orders
        .map((each, i) => ({ ...each, id: `ord_${i}` }))
        .filter((each) => each.confirmed && !each.cancelled && each.day.startsWith('2026-01'));
      const all = figuresOf(counted, () => true);
      const days = [...new Set(counted.map(({ day }) => day))].toSorted();
      expect(await report('DAY')).toEqual({
        totals: all,
        rows: days.map((key) => ({
          key,
          figures: figuresOf(
            counted.filter(({ day }) => day === key),
            () => true,
          ),
        })),
      });
      const skus = [...new Set(counted.flatMap(({ lines }) => lines.map(({ sku }) => sku)))];
      expect(await report('SKU')).toEqual({
        totals: all,
        rows: skus
          .toSorted()
          .map((key) => ({ key, figures: figuresOf(counted, ({ sku }) => sku === key) })),
      });
    }),
    { numRuns: 60 },
  );
});

test('a cancellation heard of before its confirmation keeps the order out of the report', async () => {
  await handle(cancelled({ id: 'ord_1' }));
  await handle(confirmed(order('ord_1')), confirmed(order('ord_2')));
  expect((await report('DAY')).totals).toMatchObject({ orders: 1, units: 2 });
});

test('the days of a report are included, and the others are not', async () => {
  await handle(
    ...['04', '05', '06'].map((day) => confirmed(order(`ord_${day}`, { day: `2026-01-${day}` }))),
  );
  const { rows } = await report('DAY', '2026-01-04', '2026-01-05');
  expect(rows.map(({ key }) => key)).toEqual(['2026-01-04', '2026-01-05']);
});

test('rows come in order of their key and are cut at the limit', async () => {
  await handle(
    ...['b', 'a', 'c'].map((sku) =>
      confirmed(order(`ord_${sku}`, { lines: [{ sku, quantity: 1, totalMinor: 1 }] })),
    ),
  );
  const question = { from: '2026-01-01', to: '2026-01-31', groupBy: 'SKU' } as const;
  const { rows, totals } = await countSales(sql, question, 2);
  expect(rows.map(({ key }) => key)).toEqual(['a', 'b']);
  expect(totals.orders).toBe(3);
});

test('a report without sales has no rows and empty totals', async () => {
  expect(await report('DAY')).toEqual({
    totals: { orders: 0, lines: 0, units: 0, revenue: [] },
    rows: [],
  });
});

test('every event is kept once, without the name, the address or free words', async () => {
  const events = [confirmed(order('ord_1')), cancelled({ id: 'ord_1' })];
  await handle(...events);
  await handle(...events);
  const kept = await sql<{ id: string; type: string; data: unknown }[]>`
    select id, type, data from order_events order by id`;
  expect(kept.map(({ id }) => id)).toEqual(events.map(({ id }) => id).toSorted());
  expect(JSON.stringify(kept)).not.toMatch(/planted|own words/i);
  expect(kept.find(({ type }) => type === 'order.cancelled')?.data).toMatchObject({
    reason: 'OTHER',
  });
});

test('kept events cannot be changed or removed', async () => {
  await handle(confirmed(order('ord_1')));
  await expect(sql`update order_events set type = 'x'`).rejects.toThrow('append-only');
  await expect(sql`delete from order_events`).rejects.toThrow('append-only');
  await expect(sql`truncate order_events`).rejects.toThrow('append-only');
});

test('the newest event tells up to when was counted', async () => {
  expect(await newestEventAt(sql)).toBeNull();
  await handle(confirmed(order('ord_1')), cancelled({ id: 'ord_1' }));
  expect(await newestEventAt(sql)).toEqual(new Date('2026-02-01T00:00:00Z'));
});

test('two instances that handle the same orders at once neither lock up nor count twice', async () => {
  const orders = Array.from({ length: 40 }, (_, i) => order(`ord_${i}`));
  const events = orders.map(confirmed);
  await Promise.all([
    handle(...events),
    handle(...events.toReversed()),
    handle(...orders.map(cancelled)),
  ]);
  const [row] = await sql<{ lines: number }[]>`select count(*) as lines from sales_lines`;
  expect(row).toEqual({ lines: 40 });
  expect((await report('DAY')).totals.orders).toBe(0);
});
