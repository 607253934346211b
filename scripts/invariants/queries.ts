/** Ways to state an invariant: by one query on one database, or by rows of several, joined on a sorted key. */
import type { SubgraphName } from '@ordergraph/schema/subgraphs.ts';
import { offencesMax, type Finding, type Invariant, type Offence, type Row } from './invariant.ts';
import type { Scene, Sql } from './scene.ts';

/**
 * An invariant that one database can state.
 * @param statement `offenders`: a query for the rows at fault; a column `tolerated_from` says since when a row is late,
 *   and is not shown. `of`: the table whose rows are counted as checked.
 */
export function inDatabase(
  database: SubgraphName,
  statement: { number: number; promise: string; of: string; offenders: string },
): Invariant {
  const { number, promise, of, offenders } = statement;
  return {
    number,
    promise,
    async check({ sql, grace }) {
      const [counted] = await sql[database].unsafe<{ count: number }[]>(
        `select count(*)::int as count from ${of}`,
      );
      const rows = await sql[database].unsafe<Row[]>(
        `select * from (${offenders}) as offender limit ${offencesMax}`,
      );
      return {
        checked: counted?.count ?? 0,
        offences: rows.map(({ tolerated_from: since, ...row }) =>
          offence({ database, ...row }, since instanceof Date ? since : undefined, grace.healMs),
        ),
      };
    },
  };
}

/** A row at fault, tolerated for a while from an instant on, if one is given. */
export function offence(row: Row, since: Date | undefined, graceMs: number): Offence {
  return since ? { row, toleratedUntil: new Date(since.getTime() + graceMs) } : { row };
}

/** Gathers offences, and counts what was looked at. */
export class Findings {
  #checked = 0;
  readonly #offences: Offence[] = [];

  looked(rows = 1): void {
    this.#checked += rows;
  }

  add(row: Row, tolerance?: { since: Date; graceMs: number }): void {
    if (this.#offences.length >= offencesMax) return;
    this.#offences.push(offence(row, tolerance?.since, tolerance?.graceMs ?? 0));
  }

  get finding(): Finding {
    return { checked: this.#checked, offences: this.#offences };
  }
}

/** A query's rows, a page at a time. They must come sorted by `key collate "C"`. */
export type Keyed = Row & { readonly key: string };
export type Sorted<R extends Keyed> = AsyncIterable<R>;

type Cursored = { cursor(rows: number): AsyncIterable<readonly Row[]> };
const pageRows = 5_000;

/** Streams the rows of a query. */
export async function* streamed<R extends Keyed>(query: Cursored): AsyncGenerator<R> {
  for await (const page of query.cursor(pageRows)) yield* page as readonly R[];
}

/** The full outer join of two sorted streams with unique keys. */
export async function* outerJoin<A extends Keyed, B extends Keyed>(
  left: Sorted<A>,
  right: Sorted<B>,
): AsyncGenerator<{ key: string; left: A | undefined; right: B | undefined }> {
  const as = left[Symbol.asyncIterator]();
  const bs = right[Symbol.asyncIterator]();
  let a = await taken(as);
  let b = await taken(bs);
  while (a || b) {
    if (a && (!b || a.key < b.key)) {
      yield { key: a.key, left: a, right: undefined };
      a = await taken(as);
    } else if (b && (!a || b.key < a.key)) {
      yield { key: b.key, left: undefined, right: b };
      b = await taken(bs);
    } else if (a && b) {
      yield { key: a.key, left: a, right: b };
      [a, b] = await Promise.all([taken(as), taken(bs)]);
    }
  }
}

/** All rows of several sorted streams, sorted. */
export async function* merged<R extends Keyed>(streams: readonly Sorted<R>[]): AsyncGenerator<R> {
  const heads = await Promise.all(
    streams.map(async (stream) => {
      const rows = stream[Symbol.asyncIterator]();
      return { rows, head: await taken(rows) };
    }),
  );
  for (;;) {
    let least: (typeof heads)[number] | undefined;
    for (const candidate of heads) {
      if (candidate.head && (!least?.head || candidate.head.key < least.head.key))
        least = candidate;
    }
    if (!least?.head) return;
    yield least.head;
    least.head = await taken(least.rows);
  }
}

async function taken<R>(rows: AsyncIterator<R>): Promise<R | undefined> {
  const { done, value } = await rows.next();
  return done ? undefined : value;
}

export type OrderRow = Keyed & {
  readonly status: string;
  readonly total_minor: number;
  readonly currency: string;
  readonly updated_at: Date;
};

/** Every order, by id. */
export function allOrders(sql: Sql): Sorted<OrderRow> {
  return streamed<OrderRow>(sql`
    select id as key, status, total_minor, currency, updated_at from orders order by id collate "C"`);
}

/** For checks over two databases. */
export function acrossDatabases(statement: {
  number: number;
  promise: string;
  check(scene: Scene, findings: Findings): Promise<void>;
}): Invariant {
  const { number, promise } = statement;
  return {
    number,
    promise,
    async check(scene) {
      const findings = new Findings();
      await statement.check(scene, findings);
      return findings.finding;
    },
  };
}
