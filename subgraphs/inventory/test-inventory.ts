/** An inventory on a database of its own, for tests. */
import type { Database } from '@ordergraph/platform/database.ts';
import { testDatabase } from '@ordergraph/tests/database.ts';
import { createInventory } from './commands.ts';
import { handleOrderEvents, type OrderEventHeard } from './messaging/consumers.ts';
import { publish } from './messaging/publish.ts';
import { inventoryInvariants } from './store/invariants.ts';

export const testNow = new Date('2026-11-22T17:30:00.000Z');
export const holdDurationMs = 15 * 60 * 1_000;
const cause = { correlationId: 'test', causationId: null };

/** Everything a test needs to stock shelves, send events and look at what came of them. */
export async function testInventory() {
  const database = await testDatabase(new URL('store/migrations/', import.meta.url));
  const { sql } = database;
  const inventory = createInventory({
    sql,
    clock: { now: () => testNow },
    holdDurationMs,
    publish,
    published: () => undefined,
  });
  let keys = 0;
  const request = () => ({ caller: 'staff', idempotencyKey: `key-${(keys += 1)}`, cause });
  return {
    ...database,
    inventory,
    request,
    async stock(sku: string, byWarehouse: Readonly<Record<string, number>>) {
      const product = { sku, name: sku, description: null, unitPriceMinor: 100, currency: 'GBP' };
      await inventory.upsertProduct({ ...request(), product });
      for (const [warehouse, delta] of Object.entries(byWarehouse)) {
        const place = { sku, warehouse, delta };
        await inventory.adjustStock({ ...request(), ...place, reason: 'received' });
      }
    },
    handle: (...events: OrderEventHeard[]) =>
      sql.begin((tx) => handleOrderEvents(inventory, tx, events)),
    answers: () => answersIn(sql),
    levels: (sku: string) => sql`
      select warehouse, on_hand, held, allocated from stock where sku = ${sku} order by warehouse`,
    offenders: () => offendersIn(sql),
  };
}

/** The events told so far, apart from those of the catalogue, in order. */
async function answersIn(sql: Database) {
  const rows = await sql<{ envelope: { type: string; data: { orderId: string } } }[]>`
    select envelope from outbox where type like 'stock.%' order by position`;
  return rows.map(({ envelope }) => envelope);
}

async function offendersIn(sql: Database) {
  const found = await Promise.all(
    inventoryInvariants.map(async ({ promise, offenders }) => ({
      promise,
      // The clock of these tests stands still, so that holds seem long over to the database.
      rows: promise.includes('expiry') ? [] : await sql.unsafe(offenders),
    })),
  );
  return found.filter(({ rows }) => rows.length > 0);
}
