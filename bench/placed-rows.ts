/**
 * The rows that one placed order leaves, read back from a database in which the order service placed it, and the
 * statement that inserts copies of them: what PostgreSQL takes for them without any service.
 */
import type { Database } from '@ordergraph/platform/database.ts';
import { newId } from '@ordergraph/platform/ids.ts';

const tables = ['idempotency_keys', 'orders', 'order_lines', 'order_history', 'outbox'];

type Row = {
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** As texts, in the order of the columns. */
  readonly values: readonly (string | null)[];
};

/** Reads the one row of each table; what the database fills in by itself is left to it. */
export async function readPlacedRows(sql: Database): Promise<Row[]> {
  return Promise.all(tables.map((table) => readRow(sql, table)));
}

async function readRow(sql: Database, table: string): Promise<Row> {
  const columns = await sql<{ name: string; type: string }[]>`
    select column_name as name, udt_name as type from information_schema.columns
    where table_schema = 'public' and table_name = ${table} and column_default is null
    order by ordinal_position`;
  const names = columns.map(({ name }) => name);
  const texts = names.map((name) => `${name}::text`).join(', ');
  const rows = await sql.unsafe<Record<string, string | null>[]>(`select ${texts} from ${table}`);
  const [row] = rows;
  if (rows.length !== 1 || !row) throw new Error(`${table} has ${rows.length} rows, not one`);
  return { table, columns, values: names.map((name) => row[name] ?? null) };
}

/** One statement that inserts copies of the rows of `orders` orders; its values are those of that many copies. */
export function insertStatement(rows: readonly Row[], orders: number): string {
  let parameters = 0;
  const parts = Array.from({ length: orders }, () =>
    rows.map(
      ({ columns }) =>
        `(${columns.map(({ type }) => `$${(parameters += 1)}::text::${type}`).join(', ')})`,
    ),
  );
  const inserts = rows.map(({ table, columns }, i) => {
    const values = parts.map((copy) => copy[i]).join(', ');
    return `insert into ${table} (${columns.map(({ name }) => name).join(', ')}) values ${values}`;
  });
  const last = inserts.pop() ?? '';
  return `with ${inserts.map((insert, i) => `part${i} as (${insert})`).join(', ')} ${last}`;
}

/** The values of one more order: every identifier is replaced, wherever it stands, by a fresh one of its kind. */
export function copyOf(rows: readonly Row[]): (string | null)[] {
  const fresh = new Map<string, string>();
  const replaced = (text: string): string =>
    text.replaceAll(/\b([a-z]{3})_[0-9a-z]{26}\b/g, (id, prefix: string) => {
      const other = fresh.get(id) ?? `${prefix}_${newId('evt').slice(4)}`;
      fresh.set(id, other);
      return other;
    });
  return rows.flatMap(({ values }) => values.map((value) => value && replaced(value)));
}

/** Runs the statement as one transaction, prepared once for each connection. */
export async function insertCopies(
  sql: Database,
  statement: string,
  values: readonly (string | null)[],
): Promise<void> {
  await sql.unsafe(statement, [...values], { prepare: true });
}
