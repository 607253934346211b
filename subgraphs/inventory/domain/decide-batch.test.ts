import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideBatch, ImpossibleNews, type Loaded, type OrderNews } from './decide-batch.ts';
import {
  stockStates,
  transitions,
  triggers,
  type StockState,
  type Trigger,
} from './order-stock.ts';

const expiresAt = new Date('2026-11-22T17:45:00Z');
const stock = (onHand: number, held = 0, allocated = 0) => ({
  sku: 'A',
  warehouse: 'main',
  onHand,
  held,
  allocated,
});

function news(trigger: Trigger, orderId = 'o', quantity = 2): OrderNews {
  const party = { orderId, customerId: 'alice' };
  if (trigger !== 'placed') return { ...party, trigger };
  return { ...party, trigger, lines: [{ lineId: `${orderId}/1`, sku: 'A', quantity }] };
}

/** An order of two pieces in a state, with its reservation and stock; one more piece is free. */
function given(state: StockState): Loaded {
  const isHeld = state === 'HELD' || state === 'PINNED';
  const isAllocated = state === 'ALLOCATED';
  const expires = state === 'HELD' ? expiresAt : null;
  return {
    orders:
      state === 'UNKNOWN' ? [] : [{ orderId: 'o', customerId: 'alice', state, expiresAt: expires }],
    reservations:
      isHeld || isAllocated
        ? [
            {
              orderId: 'o',
              lineId: 'o/1',
              sku: 'A',
              warehouse: 'main',
              quantity: 2,
              status: isHeld ? 'HELD' : 'ALLOCATED',
            },
          ]
        : [],
    levels: [stock(3, isHeld ? 2 : 0, isAllocated ? 2 : 0)],
    products: new Set(),
  };
}

const change = (held: number, allocated: number) =>
  held === 0 && allocated === 0 ? [] : [{ sku: 'A', warehouse: 'main', held, allocated }];

/** What comes of one piece of news: the order's state, by how much stock moves, and what is told. */
function outcomeOf(trigger: Trigger, state: StockState) {
  try {
    const { newOrders, changedOrders, stockChanges, facts } = decideBatch(
      [news(trigger)],
      given(state),
      expiresAt,
    );
    const [after] = [...newOrders, ...changedOrders];
    return {
      after: after?.state ?? state,
      expires: after ? after.expiresAt !== null : state === 'HELD',
      stockChanges,
      told: facts.map(({ fact }) => fact.type),
    };
  } catch (error) {
    if (error instanceof ImpossibleNews) return 'fault';
    throw error;
  }
}

function expectedOf(trigger: Trigger, state: StockState) {
  const reaction = transitions[state][trigger];
  const { held = 0, allocated = 0 } = given(state).levels[0] ?? {};
  const told = 'tells' in reaction && reaction.tells ? ['StockReleased'] : [];
  const ended = { expires: false, told };
  return {
    hold: { after: 'HELD', expires: true, stockChanges: change(2, 0), told: ['StockHeld'] },
    pin: { after: 'PINNED', ...ended, stockChanges: change(allocated, 0 - allocated) },
    allocate: { after: 'ALLOCATED', ...ended, stockChanges: change(0 - held, held) },
    release: { after: 'RELEASED', ...ended, stockChanges: change(0 - held, 0 - allocated) },
    nothing: { after: state, expires: state === 'HELD', stockChanges: [], told },
    fault: 'fault',
  }[reaction.does];
}

describe('one piece of news', () => {
  test.each(
    stockStates.flatMap((state) =>
      triggers.map((trigger) => [trigger, state, transitions[state][trigger].does] as const),
    ),
  )('%s while %s: %s', (trigger, state) => {
    expect(outcomeOf(trigger, state)).toEqual(expectedOf(trigger, state));
  });
});

describe('a batch', () => {
  test('grants and refuses one by one, in order', () => {
    const batch = Array.from({ length: 200 }, (_, i) => news('placed', `o${i}`, 1));
    const outcome = decideBatch(batch, { ...given('UNKNOWN'), levels: [stock(100)] }, expiresAt);
    expect(outcome.facts.map(({ fact }) => fact.type)).toEqual([
      ...Array.from({ length: 100 }, () => 'StockHeld'),
      ...Array.from({ length: 100 }, () => 'StockRefused'),
    ]);
    expect(outcome.stockChanges).toEqual(change(100, 0));
  });

  test('gives what an earlier event of the batch set free to a later order', () => {
    const batch = [news('placed', 'first', 2), news('expired'), news('placed', 'second', 3)];
    const outcome = decideBatch(batch, given('HELD'), expiresAt);
    expect(outcome.facts).toMatchObject([
      { fact: { type: 'StockRefused', orderId: 'first' }, cause: 0 },
      { fact: { type: 'StockHeld', orderId: 'second' }, cause: 2 },
    ]);
    expect(outcome.stockChanges).toEqual(change(1, 0));
  });

  test('leaves no stock with an order that was placed and cancelled within it', () => {
    const outcome = decideBatch([news('placed'), news('cancelling')], given('UNKNOWN'), expiresAt);
    expect(outcome.stockChanges).toEqual([]);
    expect(outcome.newOrders).toMatchObject([{ state: 'RELEASED', expiresAt: null }]);
    expect(outcome.newReservations).toMatchObject([{ status: 'RELEASED', quantity: 2 }]);
    expect(outcome.facts.map(({ fact }) => fact.type)).toEqual(['StockHeld', 'StockReleased']);
  });

  test('however it is cut into smaller ones, ends the same', () => {
    const events = fc.array(
      fc.record({
        order: fc.integer({ min: 0, max: 5 }),
        trigger: fc.constantFrom(...triggers),
        sku: fc.constantFrom('A', 'B'),
        quantity: fc.integer({ min: 1, max: 4 }),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 7 }), (drawn, size) => {
        const batch = drawn.map(({ order, trigger, sku, quantity }): OrderNews => {
          const party = { orderId: `o${order}`, customerId: 'alice' };
          if (trigger !== 'placed') return { ...party, trigger };
          return { ...party, trigger, lines: [{ lineId: `o${order}/1`, sku, quantity }] };
        });
        expect(runInBatches(batch, size)).toEqual(runInBatches(batch, 1));
      }),
    );
  });
});

type World = {
  loaded: Loaded;
  facts: unknown[];
};

/** Plays the database: folds each outcome into what the next batch loads. News that cannot be is left out, as alone. */
function runInBatches(batch: readonly OrderNews[], size: number): World {
  const possible: OrderNews[] = [];
  let alone = emptyWorld();
  for (const each of batch) {
    try {
      alone = step(alone, [each]);
      possible.push(each);
    } catch (error) {
      if (!(error instanceof ImpossibleNews)) throw error;
    }
  }
  let world = emptyWorld();
  for (let i = 0; i < possible.length; i += size) world = step(world, possible.slice(i, i + size));
  return world;
}

function emptyWorld(): World {
  const levels = [stock(5), { ...stock(3), warehouse: 'north' }, { ...stock(4), sku: 'B' }];
  return { loaded: { orders: [], reservations: [], levels, products: new Set() }, facts: [] };
}

const byId = (a: { orderId: string }, b: { orderId: string }) => (a.orderId < b.orderId ? -1 : 1);

function step({ loaded, facts }: World, batch: readonly OrderNews[]): World {
  const outcome = decideBatch(batch, loaded, expiresAt);
  const changed = [...outcome.newOrders, ...outcome.changedOrders];
  const ids = new Set(changed.map(({ orderId }) => orderId));
  const isChanged = ({ orderId }: { orderId: string }) => ids.has(orderId);
  const levels = loaded.levels.map((level) => {
    const by = outcome.stockChanges.find(
      ({ sku, warehouse }) => sku === level.sku && warehouse === level.warehouse,
    );
    const held = level.held + (by?.held ?? 0);
    const allocated = level.allocated + (by?.allocated ?? 0);
    expect(Math.min(held, allocated, level.onHand - held - allocated)).toBeGreaterThanOrEqual(0);
    return { ...level, held, allocated };
  });
  const reservations = [
    ...loaded.reservations.filter(
      (reservation) =>
        !outcome.changedReservations.some(({ orderId }) => orderId === reservation.orderId),
    ),
    ...outcome.newReservations,
    ...outcome.changedReservations,
  ].filter(({ status }) => status !== 'RELEASED');
  for (const level of levels) {
    const live = reservations.filter(
      ({ sku, warehouse }) => sku === level.sku && warehouse === level.warehouse,
    );
    const sum = (status: string) =>
      live.reduce((total, each) => total + (each.status === status ? each.quantity : 0), 0);
    expect([level.held, level.allocated]).toEqual([sum('HELD'), sum('ALLOCATED')]);
  }
  return {
    loaded: {
      ...loaded,
      orders: [...loaded.orders.filter((order) => !isChanged(order)), ...changed].toSorted(byId),
      reservations: reservations.toSorted(byId),
      levels,
    },
    facts: [...facts, ...outcome.facts.map(({ fact }) => fact)],
  };
}
