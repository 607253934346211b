import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ImpossibleNews } from '../domain/decide-batch.ts';
import {
  stockStates,
  transitions,
  triggers,
  type StockState,
  type Trigger,
} from '../domain/order-stock.ts';
import { OrderRowCollision } from '../store/orders.ts';
import { orderEvents } from '../test-events.ts';
import type { OrderEventHeard } from './consumers.ts';
import { holdDurationMs, testInventory, testNow } from '../test-inventory.ts';

let world: Awaited<ReturnType<typeof testInventory>>;
beforeAll(async () => {
  world = await testInventory();
});
afterAll(() => world.drop());
afterEach(async () => {
  // oxlint-disable-next-line vitest/no-standalone-expect -- a promise of every test here
  expect(await world.offenders()).toEqual([]);
});

async function answersFor(orderId: string) {
  return (await world.answers()).filter(({ data }) => data.orderId === orderId);
}

describe('a placed order', () => {
  test('holds stock for every line until the hold ends', async () => {
    await world.stock('tea', { main: 10 });
    const placed = orderEvents('o-held').placed(['tea', 2], ['tea', 1]);
    await world.handle(placed);
    expect(await world.levels('tea')).toMatchObject([{ on_hand: 10, held: 3, allocated: 0 }]);
    const expiresAt = new Date(testNow.getTime() + holdDurationMs).toISOString();
    expect(await answersFor('o-held')).toMatchObject([
      {
        type: 'stock.held',
        subject: 'o-held',
        causationid: placed.id,
        correlationid: placed.correlationid,
        data: { orderId: 'o-held', expiresAt },
      },
    ]);
  });

  test('is refused whole if one line is short, and says which', async () => {
    await world.stock('cup', { main: 5, north: 5 });
    await world.stock('pot', { main: 1 });
    await world.handle(orderEvents('o-short').placed(['cup', 8], ['pot', 2]));
    expect(await answersFor('o-short')).toMatchObject([
      {
        type: 'stock.refused',
        data: {
          reason: 'INSUFFICIENT_STOCK',
          shortages: [{ sku: 'pot', requested: 2, available: 1 }],
        },
      },
    ]);
    expect(await world.levels('cup')).toMatchObject([{ held: 0 }, { held: 0 }]);
  });

  test('is refused for a product that nobody knows, and for one that has no stock', async () => {
    await world.stock('idea', {});
    await world.handle(
      orderEvents('o-unknown').placed(['nothing-such', 1]),
      orderEvents('o-no-stock').placed(['idea', 1]),
    );
    expect(await answersFor('o-unknown')).toMatchObject([{ data: { reason: 'UNKNOWN_SKU' } }]);
    expect(await answersFor('o-no-stock')).toMatchObject([
      { data: { reason: 'INSUFFICIENT_STOCK' } },
    ]);
  });

  test('is split over warehouses only if no single one has enough', async () => {
    await world.stock('tin', { main: 2, north: 4, south: 3 });
    await world.handle(orderEvents('o-split').placed(['tin', 3], ['tin', 5]));
    expect(await world.levels('tin')).toMatchObject([
      { warehouse: 'main', held: 2 },
      { warehouse: 'north', held: 3 },
      { warehouse: 'south', held: 3 },
    ]);
  });
});

test('of 200 orders for a stock of 100, exactly the first 100 are granted', async () => {
  await world.stock('hot', { main: 100 });
  const batch = Array.from({ length: 200 }, (_, i) => orderEvents(`hot-${i}`).placed(['hot', 1]));
  await world.handle(...batch.slice(0, 130));
  await world.handle(...batch.slice(130));
  const answers = (await world.answers()).filter(({ data }) => data.orderId.startsWith('hot-'));
  expect(answers.map(({ type, data }) => `${data.orderId} ${type}`)).toEqual(
    batch.map(({ data }, i) => `${data.orderId} stock.${i < 100 ? 'held' : 'refused'}`),
  );
  expect(await world.levels('hot')).toMatchObject([{ on_hand: 100, held: 100 }]);
});

/** Every second order names the SKUs the other way round, so that locks taken in its order would make a ring. */
function leftAndRight(i: number): OrderEventHeard {
  const { placed } = orderEvents(`both-${i}`);
  return i % 2 === 0 ? placed(['left', 1], ['right', 1]) : placed(['right', 1], ['left', 1]);
}

test('batches at the same time, in any order of SKUs, never grant more than there is', async () => {
  await world.stock('left', { main: 150, north: 50 });
  await world.stock('right', { main: 200 });
  const batches = Array.from({ length: 12 }, (_, batch) =>
    Array.from({ length: 30 }, (_unused, i) => leftAndRight(batch * 30 + i)),
  );
  const adjustments = Array.from({ length: 20 }, (_, i) =>
    world.inventory.adjustStock({
      ...world.request(),
      sku: i % 2 === 0 ? 'left' : 'right',
      warehouse: 'main',
      delta: 1,
      reason: 'found',
    }),
  );
  await Promise.all([...batches.map((batch) => world.handle(...batch)), ...adjustments]);
  const [left, right] = [await world.levels('left'), await world.levels('right')];
  const held = (rows: typeof left) => rows.reduce((sum, row) => sum + Number(row['held']), 0);
  expect(held(left)).toBe(held(right));
  expect(held(left)).toBeGreaterThanOrEqual(200);
  expect(held(left)).toBeLessThanOrEqual(210);
});

test('an order whose placing and cancelling arrive at two instances at once ends without stock', async () => {
  await world.stock('race', { main: 50 });
  for (let i = 0; i < 20; i += 1) {
    const order = orderEvents(`race-${i}`);
    const events = [order.placed(['race', 1]), order.cancelling()];
    await Promise.all(events.map((event) => untilNoCollision(() => world.handle(event))));
    const answers = await answersFor(`race-${i}`);
    expect(answers.at(-1)?.type).toBe('stock.released');
  }
  expect(await world.levels('race')).toMatchObject([{ on_hand: 50, held: 0, allocated: 0 }]);
});

const cells = stockStates.flatMap((state) =>
  triggers.map((trigger) => [trigger, state, transitions[state][trigger]] as const),
);

describe('every piece of news in every state', () => {
  beforeAll(() => world.stock('leaf', { main: 10_000 }));

  test.each(cells)('%s while %s', async (trigger, state, reaction) => {
    const orderId = `cell-${state}-${trigger}`;
    const events = toReach(state, orderId);
    if (events.length > 0) await world.handle(...events);
    const before = (await answersFor(orderId)).length;
    const failed = await world.handle(next(trigger, orderId)).then(
      () => false,
      (error: unknown) => error instanceof ImpossibleNews,
    );
    const [row] = await world.sql`
      select state, expires_at is not null as expires from order_stock where order_id = ${orderId}`;
    const told = (await answersFor(orderId)).slice(before).map(({ type }) => type);
    const after = 'to' in reaction ? [reaction.to].flat()[0] : state;
    expect({ failed, row, told }).toEqual({
      failed: reaction.does === 'fault',
      row: after === 'UNKNOWN' ? undefined : { state: after, expires: after === 'HELD' },
      told: [
        ...(reaction.does === 'hold' ? ['stock.held'] : []),
        ...(reaction.does === 'release' && reaction.tells ? ['stock.released'] : []),
      ],
    });
    expect(await world.offenders()).toEqual([]);
  });
});

/** The news that leads an order to a state. */
function toReach(state: StockState, orderId: string) {
  const { placed, confirmed, expired, putOnHold } = orderEvents(orderId);
  return {
    UNKNOWN: [],
    HELD: [placed(['leaf', 1])],
    PINNED: [placed(['leaf', 1]), putOnHold()],
    ALLOCATED: [placed(['leaf', 1]), confirmed()],
    REFUSED: [placed(['leaf', 1_000_000])],
    RELEASED: [placed(['leaf', 1]), expired()],
  }[state];
}

function next(trigger: Trigger, orderId: string) {
  const order = orderEvents(orderId);
  return trigger === 'placed' ? order.placed(['leaf', 1]) : order[trigger]();
}

/** What the inbox does with a batch that collides: it tries again. */
async function untilNoCollision(handle: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await handle();
      return;
    } catch (error) {
      if (!(error instanceof OrderRowCollision)) throw error;
    }
  }
}

/** What the inbox does with a batch that fails: each event alone, and those that fail again are given up. */
async function untilHandled(events: readonly OrderEventHeard[]): Promise<void> {
  await untilNoCollision(() => world.handle(...events)).catch(async (error: unknown) => {
    if (!(error instanceof ImpossibleNews)) throw error;
    if (events.length > 1) for (const event of events) await untilHandled([event]);
  });
}

test('random news in random batches, two instances at once, breaks no invariant', async () => {
  await world.stock('x', { main: 6, north: 5 });
  await world.stock('y', { main: 9 });
  let run = 0;
  const drawn = fc.array(
    fc.record({
      order: fc.integer({ min: 0, max: 7 }),
      trigger: fc.constantFrom(...triggers),
      quantity: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 4, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(drawn, fc.integer({ min: 1, max: 10 }), async (news, size) => {
      run += 1;
      const events = news.map(({ order, trigger, quantity }) => {
        const made = orderEvents(`random-${run}-${order}`);
        return trigger === 'placed' ? made.placed(['x', quantity], ['y', 1]) : made[trigger]();
      });
      const halves = [events.filter((_, i) => i % 2 === 0), events.filter((_, i) => i % 2 === 1)];
      await Promise.all(
        halves.map(async (half) => {
          for (let i = 0; i < half.length; i += size) await untilHandled(half.slice(i, i + size));
        }),
      );
      // Whatever is left is given back, so that the next run finds full shelves again.
      await world.handle(...events.map(({ data }) => orderEvents(data.orderId).cancelling()));
      expect(await world.offenders()).toEqual([]);
      expect(await world.levels('x')).toMatchObject([{ held: 0 }, { held: 0 }]);
    }),
    { numRuns: 40 },
  );
});
