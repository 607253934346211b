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
  return postgres(url, {
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
    /^(CONNECT|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOST|CONNECTION_)/.test(code)
  );
}

function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
