import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '@ordergraph/tests/database.ts';
import { isTransient, openDatabase, type Database, type Transaction } from './database.ts';
import { migrations } from './test/messaging.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await testDatabase(migrations);
  pool = openDatabase(database.url, { poolMax: 1, name: 'pool' });
  await database.sql`create table numbers (n bigint)`;
});
beforeEach(() => database.sql`truncate numbers`);
afterAll(async () => {
  await pool.end({ timeout: 1 });
  await database.drop();
});

const endSession = async (tx: Transaction): Promise<void> => {
  const [row] = await tx`select pg_backend_pid() as pid`;
  await database.sql`select pg_terminate_backend(${Number(row?.['pid'])}::int)`;
};
const numbers = async (): Promise<number[]> =>
  (await database.sql<{ n: number }[]>`select n from numbers order by n`).map(({ n }) => n);

test('what a transaction still asks for after its session ended is refused, not run by itself', async () => {
  const { promise: waiting, resolve: goOn } = Promise.withResolvers<void>();
  const transaction = pool.begin(async (tx) => {
    await tx`insert into numbers values (1)`;
    await endSession(tx);
    await waiting;
    await tx`insert into numbers values (2)`;
  });
  await expect(transaction).rejects.toSatisfy(isTransient);
  // The pool's one session is connected again, and somebody else is in a transaction on it.
  await pool.begin(async (tx) => {
    await tx`insert into numbers values (3)`;
    goOn();
    await tx`select pg_sleep(0.05)`;
  });
  expect(await numbers()).toEqual([3]);
});

test('a session that ends while a statement of a transaction runs costs that transaction, not the process', async () => {
  for (let i = 0; i < 20; i += 1) {
    const transaction = pool.begin(async (tx) => {
      await tx`insert into numbers values (${i})`;
      await tx.savepoint(async (inner) => {
        if (i % 2 === 0) await inner`select pg_terminate_backend(pg_backend_pid())`;
        else await endSession(inner);
        await inner`insert into numbers values (100)`;
      });
    });
    await expect(transaction).rejects.toSatisfy(isTransient);
  }
  expect(await numbers()).toEqual([]);
});

test('a transaction kept after its end can do nothing', async () => {
  const kept = await pool.begin(async (tx) => ({ tx }));
  expect(() => kept.tx`insert into numbers values (1)`).toThrow('The transaction is over');
});

test('a transaction that fails by itself is rolled back, and its error is the one that was thrown', async () => {
  const transaction = pool.begin(async (tx) => {
    await tx`insert into numbers values (1)`;
    throw new Error('of its own');
  });
  await expect(transaction).rejects.toThrow('of its own');
  await pool
    .begin('isolation level serializable', async (tx) => {
      await tx`insert into numbers values (2)`;
      await tx.savepoint(async (inner) => {
        await inner`insert into numbers values (3)`;
        throw new Error('inner');
      });
    })
    .catch(() => undefined);
  expect(await numbers()).toEqual([]);
});

test('whole numbers come back exact, and one that JavaScript cannot hold is an error', async () => {
  await database.sql`insert into numbers values (${Number.MAX_SAFE_INTEGER})`;
  expect(await numbers()).toEqual([Number.MAX_SAFE_INTEGER]);
  await expect(database.sql`select 9007199254740993::bigint as n`).rejects.toThrow('beyond 2^53');
});

test.each([
  [{ code: '40001' }, true],
  [{ code: '40P01' }, true],
  [{ code: '57P01' }, true],
  [{ code: '08006' }, true],
  [{ code: '25P03' }, true],
  [{ code: 'CONNECT_TIMEOUT' }, true],
  [{ code: 'CONNECTION_CLOSED' }, true],
  [{ code: 'ECONNREFUSED' }, true],
  [{ code: 'EAI_AGAIN' }, true],
  [{ code: '23505' }, false],
  [{ code: '22P02' }, false],
  [{ code: 'ERR_ASSERTION' }, false],
  [new Error('no code'), false],
  [undefined, false],
])('whether trying again can help is known from the code: %o %s', (error, transient) => {
  expect(isTransient(error)).toBe(transient);
});
