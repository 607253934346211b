import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { orderEvents } from '../test-events.ts';
import { testInventory } from '../test-inventory.ts';
import { inventoryInvariants } from './invariants.ts';

let world: Awaited<ReturnType<typeof testInventory>>;
beforeAll(async () => {
  world = await testInventory();
  await world.stock('A', { main: 10 });
  await world.handle(orderEvents('held').placed(['A', 2]));
  await world.handle(orderEvents('sold').placed(['A', 1]), orderEvents('sold').confirmed());
});
afterAll(() => world.drop());

test.each([
  ['what is on hand is never negative', 'update stock set on_hand = -1, held = 0, allocated = 0'],
  ['what is held is never negative', 'update stock set held = -1'],
  ['what is allocated is never negative', 'update stock set allocated = -1'],
  ['no more is set aside than is on hand', 'update stock set held = on_hand'],
  [
    'a ledger entry moves something',
    "insert into stock_ledger values ('m', 'A', 'main', 0, 'r', 'a', now())",
  ],
  ['the ledger is never rewritten', 'update stock_ledger set delta = 1'],
  ['the ledger is never shortened', 'delete from stock_ledger'],
  ['the ledger is never emptied', 'truncate stock_ledger'],
  ['only a hold has an end', "update order_stock set state = 'ALLOCATED' where order_id = 'held'"],
  ['a hold has an end', "update order_stock set expires_at = null where order_id = 'held'"],
  ['a reservation is of something', 'update reservations set quantity = 0'],
  ['a price is never negative', 'update products set unit_price_minor = -1'],
  ['stock is of a product', "insert into stock values ('nothing-such', 'main', 1, 0, 0)"],
])('the database itself refuses a breach: %s', async (_promise, breach) => {
  await expect(world.sql.unsafe(breach)).rejects.toThrow(/violates|append-only/);
});

describe('each invariant catches its breach', () => {
  const breaches: readonly (readonly [promise: string, breach: string])[] = [
    [
      'Stock 1',
      'alter table stock drop constraint stock_covers_reservations; update stock set held = 11',
    ],
    ['Stock 2', 'update stock set held = held + 1'],
    ['Stock 2', "update reservations set status = 'RELEASED' where order_id = 'sold'"],
    ['Stock 3', 'update stock set on_hand = on_hand + 1'],
    ['Stock 3', "insert into stock_ledger values ('m', 'B', 'main', 5, 'r', 'a', now())"],
    [
      'Stock 4',
      "update order_stock set expires_at = now() - interval '61 s' where order_id = 'held'",
    ],
    ['Stock 4 and 5', "update order_stock set state = 'RELEASED' where order_id = 'sold'"],
    ['Stock 4 and 5', "delete from order_stock where order_id = 'held'"],
    ['Stock 5', "delete from reservations where order_id = 'sold'"],
  ];

  test.each(breaches)('%s: %s', async (name, breach) => {
    const offenders = inventoryInvariants.find(({ promise }) =>
      promise.startsWith(`${name}:`),
    )?.offenders;
    const counts: number[] = [];
    const trial = world.sql.begin(async (tx) => {
      await tx.unsafe(`update order_stock set expires_at = now() + interval '1 min'
        where state = 'HELD'`);
      counts.push((await tx.unsafe(offenders ?? '')).length);
      await tx.unsafe(breach);
      counts.push((await tx.unsafe(offenders ?? '')).length);
      throw new Error('roll back');
    });
    await expect(trial).rejects.toThrow('roll back');
    expect(counts).toEqual([0, expect.toSatisfy((count: number) => count > 0)]);
  });
});
