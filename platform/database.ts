/** A service's own connections to its own database. Queries are SQL; drizzle owns tables and migrations. */
import postgres from 'postgres';

export type Database = postgres.Sql<{ bigint: number }>;
export type Transaction = postgres.TransactionSql<{ bigint: number }>;
/** What runs a statement: a pool or a transaction. */
export type Queryable = Database | Transaction;

/** A statement that takes longer is cancelled, in milliseconds. */
const statementTimeoutMs = 15_000;
/** A session that sleeps in a transaction, for example of a stopped process, is ended, in milliseconds. */
const idleInTransactionTimeoutMs = 15_000;

/**
 * Opens a pool. `bigint` columns arrive as numbers: they hold minor units, counts and positions, all below 2^53.
 */
export function openDatabase(url: string, options: { poolMax: number; name: string }): Database {
  const sql = postgres(url, {
    max: options.poolMax,
    connect_timeout: 5,
    idle_timeout: 60,
    onnotice: () => undefined,
    connection: {
      application_name: options.name,
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    },
    types: {
      bigint: {
        to: 20,
        from: [20],
        parse: parseInteger,
        serialize: String,
      },
    },
  });
  return withEndingTransactions(sql);
}

/**
 * When a session ends in the middle of a transaction, the driver rejects `begin` and lets its callback go on. What the
 * callback then asks for would run on the reconnected session, outside of any transaction or inside somebody else's; and
 * the driver's own `rollback` or `commit` to a socket that is gone would end the process. Here a transaction that is
 * over refuses every further statement, and its callback never comes to an end that the driver would see.
 */
function withEndingTransactions(sql: Database): Database {
  const begin = sql.begin.bind(sql) as Begin;
  const guarded: Begin = async (...args) => {
    const life: Life = { over: false };
    const work = args.pop() as Work;
    try {
      return await begin(...args, (tx: Transaction) => untilOver(tx, work, life));
    } finally {
      life.over = true;
    }
  };
  return Object.assign(sql, { begin: guarded });
}

type Life = { over: boolean };
type Work = (tx: Transaction) => unknown;
type Begin = (...args: unknown[]) => Promise<unknown>;

async function untilOver(tx: Transaction, work: Work, life: Life): Promise<unknown> {
  try {
    const result = await work(endingTransaction(tx, life));
    if (!life.over) return result;
  } catch (error) {
    // One turn of the event loop later it is known whether the statement failed because its session ended.
    await new Promise((resolve) => setImmediate(resolve));
    if (!life.over) throw error;
  }
  return new Promise(() => undefined);
}

function endingTransaction(tx: Transaction, life: Life): Transaction {
  const refuseIfOver = (): void => {
    if (life.over) {
      throw Object.assign(new Error('The transaction is over'), { code: 'CONNECTION_CLOSED' });
    }
  };
  return new Proxy(tx, {
    apply(target, self, args) {
      refuseIfOver();
      return Reflect.apply(target, self, args) as unknown;
    },
    get(target, key) {
      refuseIfOver();
      if (key !== 'savepoint') return Reflect.get(target, key) as unknown;
      return (...args: unknown[]) => {
        const work = args.pop() as Work;
        const savepoint = target.savepoint.bind(target) as Begin;
        return savepoint(...args, (inner: Transaction) => untilOver(inner, work, life));
      };
    },
  });
}

function parseInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error('A bigint column holds a value beyond 2^53');
  return value;
}

/** Whether trying again can help: the connection broke, the server is starting or stopping, or two transactions collided. */
export function isTransient(error: unknown): boolean {
  const code = errorCode(error);
  if (code === undefined) return false;
  return (
    /^(08|40|53|57P|58|55P03|25P0[34])/.test(code) ||
    /^(CONNECT|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET|CONNECTION_)/.test(code)
  );
}

function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
