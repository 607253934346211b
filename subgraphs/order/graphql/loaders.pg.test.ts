import { testDatabase, type TestDatabase } from '@ordergraph/tests/database.ts';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancelOrder } from '../commands/cancel-order.ts';
import { placeOne, policy, stockCatalogue } from '../test/builders.ts';
import { createLoaders, createOrderReader } from './loaders.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase(new URL('../store/migrations/', import.meta.url));
  await stockCatalogue(database.sql);
});
afterAll(() => database.drop());

/** Loaders on a connection of their own, and the statements that they sent. */
function watchedLoaders() {
  const statements: string[] = [];
  const bigint = { to: 20, from: [20], parse: Number, serialize: (value: number) => String(value) };
  const sql = postgres(database.url, {
    max: 1,
    types: { bigint },
    // The driver itself asks for the database's types first.
    debug: (_connection, query) =>
      void (/ from (orders|order_|unnest)/.test(query) && statements.push(query)),
  });
  return { sql, statements, loaders: createLoaders(sql, createOrderReader(sql)) };
}

test('orders, their lines and pages of their histories take one statement each, however many there are', async () => {
  const orders = await Promise.all(Array.from({ length: 20 }, () => placeOne(database.sql)));
  const [cancelled] = orders;
  await cancelOrder(
    database.sql,
    {
      caller: 'alice',
      isStaff: false,
      idempotencyKey: 'cancel',
      requestHash: 'hash',
      orderId: cancelled?.id ?? '',
      note: null,
      expectedVersion: null,
      cause: { correlationId: 'test', causationId: null },
    },
    { now: new Date(), policy },
  );
  const { sql, statements, loaders } = watchedLoaders();
  const ids = orders.map(({ id }) => id);
  const [found, lines, histories, later] = await Promise.all([
    loaders.order.loadMany(ids),
    loaders.lines.loadMany(ids),
    loaders.history.loadMany(ids.map((orderId) => ({ orderId, afterVersion: 0, limit: 2 }))),
    loaders.history.loadMany([
      { orderId: ids[0] ?? '', afterVersion: 1, limit: 1 },
      { orderId: ids[0] ?? '', afterVersion: 0, limit: 1 },
      { orderId: ids[1] ?? '', afterVersion: 1, limit: 5 },
      { orderId: 'ord_unknown', afterVersion: 0, limit: 5 },
    ]),
  ]);
  await sql.end();
  expect(statements).toHaveLength(3);
  expect(found).toMatchObject(ids.map((id) => ({ id })));
  expect(lines).toMatchObject(ids.map((orderId) => [{ orderId, sku: 'TEA' }]));
  expect(histories).toMatchObject(
    ids.map((orderId, i) => [
      { orderId, version: 1, status: 'PLACED' },
      ...(i === 0 ? [{ orderId, version: 2, status: 'CANCELLING' }] : []),
    ]),
  );
  expect(later).toMatchObject([[{ version: 2 }], [{ version: 1 }], [], []]);
});
