import { testDatabase, type TestDatabase } from '@ordergraph/tests/database.ts';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pino } from 'pino';
import { cancelOrder, type CancelRequest } from './commands/cancel-order.ts';
import {
  handleInventoryEvents,
  handlePaymentEvents,
  type InventoryEvent,
  type PaymentEvent,
} from './messaging/consumers.ts';
import { startProcessManager, workOffDeadlines } from './process-manager.ts';
import { findOrders } from './store/orders.ts';
import {
  payment,
  place,
  placement,
  placeOne,
  policy,
  stock,
  stockCatalogue,
} from './test/builders.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase(new URL('./store/migrations/', import.meta.url));
  await stockCatalogue(database.sql);
});
afterAll(() => database.drop());

async function statusOf(orderId: string): Promise<string | undefined> {
  return (await findOrders(database.sql, [orderId]))[0]?.status;
}

async function inventorySays(...events: InventoryEvent[]): Promise<void> {
  await database.sql.begin((tx) => handleInventoryEvents(tx, events, { now: new Date(), policy }));
}

async function paymentSays(...events: PaymentEvent[]): Promise<void> {
  await database.sql.begin((tx) => handlePaymentEvents(tx, events, { now: new Date(), policy }));
}

async function outboxTypes(orderId: string): Promise<string[]> {
  const rows = await database.sql<{ type: string }[]>`
    select type from outbox where subject = ${orderId} order by position`;
  return rows.map(({ type }) => type);
}

function cancellation(orderId: string, given: Partial<CancelRequest> = {}): CancelRequest {
  return {
    caller: 'alice',
    isStaff: false,
    idempotencyKey: `cancel-${orderId}`,
    requestHash: 'hash',
    orderId,
    note: null,
    expectedVersion: null,
    cause: { correlationId: 'test', causationId: null },
    ...given,
  };
}

/** Rows that break what the order service promises of its own tables. */
async function breaches(): Promise<readonly unknown[]> {
  return database.sql`
    with last as (
      select distinct on (order_id) order_id, version, status, reason, hold_expires_at, occurred_at,
        count(*) over (partition by order_id) as entries
      from order_history order by order_id, version desc
    )
    select o.id from orders o left join last h on h.order_id = o.id
    where h.version is distinct from o.version or h.status is distinct from o.status
      or h.reason is distinct from o.status_reason or h.hold_expires_at is distinct from o.hold_expires_at
      or h.occurred_at is distinct from o.updated_at or h.entries <> o.version
    union all
    select h.order_id from order_history h left join outbox e on e.id = h.id where e.id is null
    union all
    select o.id from orders o left join order_lines l on l.order_id = o.id
    group by o.id, o.total_minor having sum(l.total_minor) is distinct from o.total_minor`;
}

test('the same key fifty times at once makes one order', async () => {
  const results = (
    await Promise.all(Array.from({ length: 50 }, () => place(database.sql, [placement('fifty')])))
  ).flat();
  expect(results.filter(({ kind }) => kind === 'placed')).toHaveLength(1);
  expect(results.filter(({ kind }) => kind === 'replayed')).toHaveLength(49);
  const [row] = await database.sql<{ count: number }[]>`
    select count(distinct result)::int as count from idempotency_keys where key = 'fifty'`;
  expect(row?.count).toBe(1);
});

test('the same key within one batch makes one order', async () => {
  const results = await place(database.sql, [
    placement('twin'),
    placement('twin'),
    placement('single'),
  ]);
  expect(results.map(({ kind }) => kind)).toEqual(['placed', 'replayed', 'placed']);
});

test('a key with another request is refused, and belongs to its caller alone', async () => {
  await place(database.sql, [placement('mine')]);
  const [reused, others] = await place(database.sql, [
    placement('mine', { hash: 'another' }),
    placement('mine', { caller: 'bob', hash: 'another' }),
  ]);
  expect(reused?.kind).toBe('reused');
  expect(others?.kind).toBe('placed');
});

test('a refused order writes nothing, and its key can be used again', async () => {
  const [refused] = await place(database.sql, [placement('later', { sku: 'MILK' })]);
  expect(refused).toMatchObject({
    kind: 'rejected',
    rejections: [{ code: 'UNKNOWN_SKU', sku: 'MILK' }],
  });
  const [placed] = await place(database.sql, [placement('later')]);
  expect(placed?.kind).toBe('placed');
});

test('a replay gives the first order although the product has changed since', async () => {
  const [first] = await place(database.sql, [placement('old price', { sku: 'CUP' })]);
  await database.sql`update catalogue set unit_price_minor = 9999, version = 2 where sku = 'CUP'`;
  const [again] = await place(database.sql, [placement('old price', { sku: 'CUP' })]);
  expect(again).toEqual({
    kind: 'replayed',
    orderId: first?.kind === 'placed' ? first.order.id : 'none',
  });
});

test('stock and money lead an order to CONFIRMED, each step once', async () => {
  const { id, totalMinor } = await placeOne(database.sql);
  const held = stock.held(id);
  await inventorySays(held, stock.held(id));
  await paymentSays(
    payment.declined(id),
    payment.captured(id, totalMinor),
    payment.captured(id, totalMinor),
  );
  expect(await statusOf(id)).toBe('CONFIRMED');
  expect(await outboxTypes(id)).toEqual([
    'order.placed',
    'order.reserved',
    'order.payment-declined',
    'order.confirmed',
  ]);
});

test('a cancelled order is CANCELLED once both stock and money are back, in either order', async () => {
  for (const stockFirst of [true, false]) {
    const { id } = await placeOne(database.sql);
    await inventorySays(stock.held(id));
    const result = await cancelOrder(database.sql, cancellation(id), { now: new Date(), policy });
    expect(result).toMatchObject({ kind: 'done', replayed: false });
    if (stockFirst) await inventorySays(stock.released(id));
    else await paymentSays(payment.closed(id));
    expect(await statusOf(id)).toBe('CANCELLING');
    if (stockFirst) await paymentSays(payment.closed(id));
    else await inventorySays(stock.released(id));
    expect(await statusOf(id)).toBe('CANCELLED');
  }
});

test('somebody else’s order cannot be cancelled, and looks absent', async () => {
  const { id } = await placeOne(database.sql);
  const byBob = cancellation(id, { caller: 'bob', idempotencyKey: 'bob' });
  expect(await cancelOrder(database.sql, byBob, { now: new Date(), policy })).toEqual({
    kind: 'refused',
    refusal: { code: 'NOT_FOUND' },
  });
  const keys =
    await database.sql`select from idempotency_keys where caller = 'bob' and key = 'bob'`;
  expect(keys).toHaveLength(0);
});

test('a cancellation twenty times at once cancels once', async () => {
  const { id } = await placeOne(database.sql);
  const results = await Promise.all(
    Array.from({ length: 20 }, () =>
      cancelOrder(database.sql, cancellation(id), { now: new Date(), policy }),
    ),
  );
  expect(results.filter((result) => result.kind === 'done' && !result.replayed)).toHaveLength(1);
  expect(results.filter((result) => result.kind === 'done' && result.replayed)).toHaveLength(19);
  expect(await outboxTypes(id)).toEqual(['order.placed', 'order.cancelling']);
});

test('a hold that ends and money that comes at the same moment give either, never both', async () => {
  const orders = await Promise.all(
    Array.from({ length: 40 }, () => placeOne(database.sql, { caller: 'racer' })),
  );
  await inventorySays(...orders.map(({ id }) => stock.held(id, new Date(Date.now() - 1))));
  const end = () =>
    workOffDeadlines({
      sql: database.sql,
      logger: pino({ level: 'silent' }),
      policy,
      now: () => new Date(),
      afterCommit: () => undefined,
    });
  await Promise.all([
    end(),
    ...orders.map(({ id, totalMinor }) => paymentSays(payment.captured(id, totalMinor))),
    end(),
  ]);
  await expect.poll(end).toBe(0);
  for (const { id } of orders) {
    const types = await outboxTypes(id);
    const ends = types.filter((type) => type === 'order.confirmed' || type === 'order.expired');
    expect(ends).toHaveLength(1);
  }
});

test('an order that inventory never answers is cancelled, and a hanging cancellation is asked for again', async () => {
  const { id } = await placeOne(database.sql);
  const later = new Date(Date.now() + policy.placementTimeoutMs + 1);
  const options = {
    sql: database.sql,
    logger: pino({ level: 'silent' }),
    policy,
    afterCommit: () => undefined,
  };
  await workOffDeadlines({ ...options, now: () => later });
  expect(await statusOf(id)).toBe('CANCELLING');
  const evenLater = new Date(later.getTime() + policy.cancellationTimeoutMs + 1);
  await workOffDeadlines({ ...options, now: () => evenLater });
  expect(await outboxTypes(id)).toEqual(['order.placed', 'order.cancelling', 'order.cancelling']);
  await inventorySays(stock.released(id));
  await paymentSays(payment.closed(id));
  expect(await statusOf(id)).toBe('CANCELLED');
});

test('two process managers share the work', async () => {
  const orders = await Promise.all(Array.from({ length: 30 }, () => placeOne(database.sql)));
  await inventorySays(...orders.map(({ id }) => stock.held(id, new Date(Date.now() - 1))));
  const options = {
    sql: database.sql,
    logger: pino({ level: 'silent' }),
    policy,
    now: () => new Date(),
    afterCommit: () => undefined,
  };
  const managers = [startProcessManager(options), startProcessManager(options)];
  for (const { id } of orders) await expect.poll(() => statusOf(id)).toBe('EXPIRED');
  await Promise.all(managers.map((manager) => manager.stop()));
});

test('whatever arrives in whatever order, the row is the fold of its history and nothing is told twice', async () => {
  const step = fc.constantFrom(
    'held',
    'refused',
    'captured',
    'declined',
    'released',
    'closed',
    'cancel',
    'time',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const { id, totalMinor } = await placeOne(database.sql);
      for (const [i, what] of steps.entries()) {
        if (what === 'cancel') {
          const request = cancellation(id, { idempotencyKey: `${id}-${i}` });
          await cancelOrder(database.sql, request, { now: new Date(), policy });
        } else if (what === 'time') {
          await workOffDeadlines({
            sql: database.sql,
            logger: pino({ level: 'silent' }),
            policy,
            now: () => new Date(Date.now() + 3_600_000),
            afterCommit: () => undefined,
          });
        } else if (what === 'captured') await paymentSays(payment.captured(id, totalMinor));
        else if (what === 'declined' || what === 'closed') await paymentSays(payment[what](id));
        else await inventorySays(stock[what](id));
      }
      expect(await breaches()).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test('history cannot be changed', async () => {
  await placeOne(database.sql);
  await expect(database.sql`update order_history set reason = 'x'`).rejects.toThrow(/append-only/);
  await expect(database.sql`delete from order_history`).rejects.toThrow(/append-only/);
});

test('every test above left the tables as promised', async () => {
  expect(await breaches()).toEqual([]);
});
