import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '@ordergraph/tests/database.ts';
import { openDatabase, type Database } from './database.ts';
import { claimKey, claimKeys, findKeys, requestHash } from './idempotency.ts';
import { migrations } from './test/messaging.ts';

let database: TestDatabase;
let sql: Database;
beforeAll(async () => {
  database = await testDatabase(migrations);
  sql = openDatabase(database.url, { poolMax: 16, name: 'test' });
});
beforeEach(() => database.sql`truncate idempotency_keys`);
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await database.drop();
});

const request = (key: string, result = 'ord_1', hash = 'h') => ({
  caller: 'alice',
  key,
  hash,
  result,
});

test('of fifty claims of one key at once one is fresh, and the others get its result', async () => {
  const claims = await Promise.all(
    Array.from({ length: 50 }, (_, i) => sql.begin((tx) => claimKey(tx, request('k', `ord_${i}`)))),
  );
  expect(claims.filter(({ kind }) => kind === 'fresh')).toHaveLength(1);
  const winner = `ord_${claims.findIndex(({ kind }) => kind === 'fresh')}`;
  const replayed = claims.filter((claim) => claim.kind === 'replayed');
  expect(replayed).toHaveLength(49);
  expect(new Set(replayed.map(({ result }) => result))).toEqual(new Set([winner]));
});

test('the same key with another request is reused, and belongs to its caller alone', async () => {
  await sql.begin((tx) => claimKey(tx, request('k')));
  expect(await sql.begin((tx) => claimKey(tx, request('k', 'ord_2', 'other')))).toEqual({
    kind: 'reused',
  });
  const bob = { ...request('k', 'ord_2', 'other'), caller: 'bob' };
  expect(await sql.begin((tx) => claimKey(tx, bob))).toEqual({ kind: 'fresh' });
});

test('a key that could be a card number is kept as its digest, and means the same', async () => {
  const number = request('4242 4242 4242 4242', 'ord_1');
  expect(await findKeys(sql, [number])).toEqual([undefined]);
  expect(await sql.begin((tx) => claimKey(tx, number))).toEqual({ kind: 'fresh' });
  const replayed = { kind: 'replayed', result: 'ord_1' };
  expect(await sql.begin((tx) => claimKey(tx, { ...number, result: 'ord_2' }))).toEqual(replayed);
  expect(await findKeys(sql, [number])).toEqual([replayed]);
  const rows = await sql<{ key: string }[]>`select key from idempotency_keys`;
  expect(rows.map(({ key }) => key)).toEqual([expect.stringMatching(/^sha256:[\w-]{43}$/)]);
});

test('a key is not confused with another by a line break in it or in its caller', async () => {
  const a = { caller: 'a', key: 'b\nc', hash: '1', result: 'ord_1' };
  const b = { caller: 'a\nb', key: 'c', hash: '2', result: 'ord_2' };
  expect(await sql.begin((tx) => claimKeys(tx, [a, b]))).toEqual([
    { kind: 'fresh' },
    { kind: 'fresh' },
  ]);
  expect(await findKeys(sql, [b, a])).toEqual([
    { kind: 'replayed', result: 'ord_2' },
    { kind: 'replayed', result: 'ord_1' },
  ]);
});

test('a rejected request leaves no key', async () => {
  const rejected = sql.begin(async (tx) => {
    await claimKey(tx, request('k'));
    throw new Error('rejected');
  });
  await expect(rejected).rejects.toThrow('rejected');
  expect(await findKeys(sql, [request('k')])).toEqual([undefined]);
  expect(await sql.begin((tx) => claimKey(tx, request('k', 'ord_9')))).toEqual({ kind: 'fresh' });
});

test('batches with keys in common wait for each other and never dead-lock', async () => {
  const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
  const batches = Array.from(
    { length: 16 },
    (_, b) =>
      fc.sample(fc.shuffledSubarray(keys, { minLength: 20 }), { numRuns: 1, seed: b })[0] ?? [],
  );
  const claims = await Promise.all(
    batches.map((batch) =>
      sql.begin(async (tx) => {
        const claimed = await claimKeys(
          tx,
          batch.map((key) => request(key)),
        );
        await tx`select pg_sleep(0.01)`;
        return claimed;
      }),
    ),
  );
  const fresh = claims.flatMap((claimed, b) =>
    claimed.flatMap(({ kind }, i) => (kind === 'fresh' ? [batches[b]?.[i]] : [])),
  );
  expect(new Set(fresh)).toEqual(new Set(batches.flat()));
  expect(fresh).toHaveLength(new Set(fresh).size);
});

test('any batch is answered as if its requests had come one by one', async () => {
  const one = fc.record({ key: fc.constantFrom('a', 'b', 'c'), hash: fc.constantFrom('1', '2') });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(one, { maxLength: 6 }), { maxLength: 4 }),
      async (batches) => {
        await database.sql`truncate idempotency_keys`;
        const model = new Map<string, { hash: string; result: string }>();
        let made = 0;
        for (const batch of batches) {
          const requests = batch.map(({ key, hash }) => request(key, `ord_${(made += 1)}`, hash));
          const expected = requests.map(({ key, hash, result }) => {
            const known = model.get(key);
            if (!known) model.set(key, { hash, result });
            if (!known) return { kind: 'fresh' };
            return known.hash === hash
              ? { kind: 'replayed', result: known.result }
              : { kind: 'reused' };
          });
          expect(await sql.begin((tx) => claimKeys(tx, requests))).toEqual(expected);
        }
      },
    ),
    { numRuns: 40 },
  );
});

const hash = (input: unknown): string => requestHash('placeOrder', input);

test('a digest depends on what is asked and on nothing else', () => {
  expect(hash({ a: 1, b: { c: [1, 2], d: 'x' } })).toBe(hash({ b: { d: 'x', c: [1, 2] }, a: 1 }));
  expect(hash({ a: 1, b: null, c: undefined })).toBe(hash({ a: 1 }));
  expect(hash({ a: [1, 2] })).not.toBe(hash({ a: [2, 1] }));
  expect(hash({ a: '1' })).not.toBe(hash({ a: 1 }));
  expect(hash({ a: 1 })).not.toBe(requestHash('cancelOrder', { a: 1 }));
});
