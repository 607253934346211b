import { testDatabase, type TestDatabase } from '@ordergraph/tests/database.ts';
import type { Database } from '@ordergraph/platform/database.ts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  addUsage,
  fieldsUsedBy,
  forgetUsage,
  operationsUsedBy,
  usersOfField,
  type UsageRow,
} from './usage.ts';

let database: TestDatabase;
let sql: Database;
beforeAll(async () => {
  database = await testDatabase(new URL('./migrations/', import.meta.url));
  sql = database.sql;
});
beforeEach(() => sql`truncate usage, used_operations`);
afterAll(() => database.drop());

const daysAgo = (days: number): string =>
  new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

function row(changes: Partial<UsageRow>): UsageRow {
  return {
    day: daysAgo(0),
    partner: 'acme',
    client: 'ios',
    digest: 'd1',
    name: 'Orders',
    type: 'query',
    fields: ['Order.id', 'Query.orders', 'Query.orders(first:)'],
    requests: 1,
    ...changes,
  };
}

test('counts of one day, client and operation add up, also when routers write at once', async () => {
  const rows = ['d1', 'd2', 'd3'].map((digest) => row({ digest, name: digest, requests: 2 }));
  await Promise.all(Array.from({ length: 20 }, () => addUsage(sql, rows)));
  const used = await operationsUsedBy(sql, 'acme', 30);
  expect(used.map(({ name, requests }) => [name, requests])).toEqual([
    ['d1', 40],
    ['d2', 40],
    ['d3', 40],
  ]);
});

test('a field tells who uses it, by which operation, and how often', async () => {
  await addUsage(sql, [
    row({ requests: 5 }),
    row({ requests: 2, client: 'web' }),
    row({ digest: 'd2', name: 'One', fields: ['Order.id', 'Query.order'], requests: 3 }),
    row({ partner: '', client: 'shop', digest: 'd3', name: 'Mine', fields: ['Query.orders'] }),
  ]);
  expect(await fieldsUsedBy(sql, 'acme', 30)).toEqual([
    { field: 'Order.id', requests: 10, operations: ['One', 'Orders'] },
    { field: 'Query.order', requests: 3, operations: ['One'] },
    { field: 'Query.orders', requests: 7, operations: ['Orders'] },
    { field: 'Query.orders(first:)', requests: 7, operations: ['Orders'] },
  ]);
  expect(await usersOfField(sql, 'Query.orders', 30)).toMatchObject([
    { partner: 'acme', client: 'ios', name: 'Orders', requests: 5 },
    { partner: 'acme', client: 'web', name: 'Orders', requests: 2 },
    { partner: '', client: 'shop', name: 'Mine', requests: 1 },
  ]);
});

test('what lies before the days asked for is not counted, and what is too old is forgotten', async () => {
  await addUsage(sql, [
    row({}),
    row({ day: daysAgo(10) }),
    row({ day: daysAgo(500), digest: 'old', name: 'Old' }),
  ]);
  const requests = async (days: number) =>
    (await operationsUsedBy(sql, 'acme', days)).map((used) => [used.name, used.requests]);
  expect(await requests(5)).toEqual([['Orders', 1]]);
  expect(await requests(1_000)).toEqual([
    ['Orders', 2],
    ['Old', 1],
  ]);
  await sql`update used_operations set first_used_at = now() - interval '500 days'`;
  await forgetUsage(sql, 400);
  expect(await requests(1_000)).toEqual([['Orders', 2]]);
  expect(await sql`select digest from used_operations`).toEqual([{ digest: 'd1' }]);
});
