import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadDemoCatalogue } from './demo-catalogue.ts';
import { orderEvents } from './test-events.ts';
import { testInventory } from './test-inventory.ts';

let world: Awaited<ReturnType<typeof testInventory>>;
beforeAll(async () => {
  world = await testInventory();
});
afterAll(() => world.drop());
afterEach(async () => {
  // oxlint-disable-next-line vitest/no-standalone-expect -- a promise of every test here
  expect(await world.offenders()).toEqual([]);
});

const details = (sku: string, unitPriceMinor = 500) => ({
  sku,
  name: `Product ${sku}`,
  description: null,
  unitPriceMinor,
  currency: 'GBP',
});

async function upserts(sku: string) {
  const rows = await world.sql<{ envelope: { data: Record<string, unknown> } }[]>`
    select envelope from outbox where type = 'product.upserted' and subject = ${sku}
    order by position`;
  return rows.map(({ envelope }) => envelope.data);
}

describe('upsertProduct', () => {
  test('creates, changes and tells of both, with a version that counts', async () => {
    await world.inventory.upsertProduct({ ...world.request(), product: details('new') });
    const changed = await world.inventory.upsertProduct({
      ...world.request(),
      product: details('new', 600),
    });
    expect(changed).toMatchObject({
      kind: 'done',
      replayed: false,
      product: { unitPriceMinor: 600, version: 2 },
    });
    const told = { sku: 'new', name: 'Product new', currency: 'GBP' };
    expect(await upserts('new')).toEqual([
      { ...told, version: 1, unitPriceMinor: 500 },
      { ...told, version: 2, unitPriceMinor: 600 },
    ]);
  });

  test('tells nothing if nothing changed', async () => {
    await world.inventory.upsertProduct({ ...world.request(), product: details('same') });
    const again = await world.inventory.upsertProduct({
      ...world.request(),
      product: details('same'),
    });
    expect(again).toMatchObject({ kind: 'done', replayed: false, product: { version: 1 } });
    expect(await upserts('same')).toHaveLength(1);
  });

  test('answers the same key with the product as it is now, and changes nothing', async () => {
    const request = { ...world.request(), product: details('replayed') };
    await world.inventory.upsertProduct(request);
    await world.inventory.upsertProduct({ ...world.request(), product: details('replayed', 700) });
    expect(await world.inventory.upsertProduct(request)).toMatchObject({
      kind: 'done',
      replayed: true,
      product: { unitPriceMinor: 700, version: 2 },
    });
  });

  test('refuses a key that stood for something else', async () => {
    const request = { ...world.request(), product: details('reused') };
    await world.inventory.upsertProduct(request);
    const other = { ...request, product: details('reused', 1) };
    expect(await world.inventory.upsertProduct(other)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    expect(await upserts('reused')).toHaveLength(1);
  });

  test('sent fifty times at once with one key, changes once', async () => {
    const request = { ...world.request(), product: details('parallel') };
    const results = await Promise.all(
      Array.from({ length: 50 }, () => world.inventory.upsertProduct(request)),
    );
    const replayed = results.filter((result) => result.kind === 'done' && result.replayed);
    expect(replayed).toHaveLength(49);
    expect(await upserts('parallel')).toHaveLength(1);
  });

  test('sent at once with other keys, gives every change a version of its own', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        world.inventory.upsertProduct({ ...world.request(), product: details('busy', i) }),
      ),
    );
    expect((await upserts('busy')).map(({ version }) => version)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });
});

const adjust = (sku: string, delta: number, warehouse = 'main') =>
  world.inventory.adjustStock({ ...world.request(), sku, warehouse, delta, reason: 'counted' });

describe('adjustStock', () => {
  test('books in and out, and the ledger says who and why', async () => {
    await world.stock('booked', {});
    await adjust('booked', 10);
    await adjust('booked', -4);
    expect(await world.levels('booked')).toMatchObject([{ on_hand: 6 }]);
    const ledger = await world.sql`
      select delta, reason, actor from stock_ledger where sku = 'booked' order by id`;
    expect(ledger).toEqual([
      { delta: 10, reason: 'counted', actor: 'staff' },
      { delta: -4, reason: 'counted', actor: 'staff' },
    ]);
  });

  test('refuses a product that nobody knows', async () => {
    expect(await adjust('nothing-such', 1)).toMatchObject({ refusal: { code: 'NOT_FOUND' } });
  });

  test('never takes what is held or allocated', async () => {
    await world.stock('kept', { main: 10 });
    await world.handle(orderEvents('holds').placed(['kept', 3]));
    await world.handle(orderEvents('owns').placed(['kept', 2]), orderEvents('owns').confirmed());
    expect(await adjust('kept', -6)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'INSUFFICIENT_STOCK', sku: 'kept', requested: 6, available: 5 },
    });
    expect(await adjust('kept', -5)).toMatchObject({ kind: 'done' });
  });

  test('keeps the total of all warehouses within an Int, however many book at once', async () => {
    await world.stock('full', { main: 2_147_483_600 });
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) => adjust('full', 10, `w${i}`)),
    );
    expect(results.filter(({ kind }) => kind === 'done')).toHaveLength(4);
    expect(results.find(({ kind }) => kind === 'refused')).toMatchObject({
      refusal: { code: 'LIMIT_EXCEEDED' },
    });
  });

  test('sent twice with one key, books once; a refused one leaves its key free', async () => {
    await world.stock('once', { main: 1 });
    const request = {
      ...world.request(),
      sku: 'once',
      warehouse: 'main',
      delta: -2,
      reason: 'damaged',
    };
    expect(await world.inventory.adjustStock(request)).toMatchObject({ kind: 'refused' });
    await adjust('once', 1);
    expect(await world.inventory.adjustStock(request)).toMatchObject({ replayed: false });
    expect(await world.inventory.adjustStock(request)).toMatchObject({ replayed: true });
    expect(await world.levels('once')).toMatchObject([{ on_hand: 0 }]);
  });
});

test('the demo catalogue is loaded once, however often it is asked for', async () => {
  const state = () => world.sql`
    select sku, version, sum(on_hand)::int as on_hand, count(*)::int as warehouses
    from products join stock using (sku)
    where sku ~ '^(TEA|POT|CUP|TIN|INFUSER|GIFT)-' group by sku order by sku`;
  await Promise.all([loadDemoCatalogue(world.inventory), loadDemoCatalogue(world.inventory)]);
  const first = await state();
  expect(first).toHaveLength(12);
  await loadDemoCatalogue(world.inventory);
  expect(await state()).toEqual(first);
});
