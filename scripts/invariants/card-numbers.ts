/**
 * Invariant 21: no card number and no secret in any database or stream.
 *
 * A card number is a run of 13 to 19 digits, with single blanks or hyphens between them at most, that stands alone and
 * whose check digit fits (Luhn). Every text and JSON column of every table is searched, and every message of every
 * stream; in JSON every string, however deep, under whatever name. Not looked at, because nobody types them and they
 * are digits often enough to fit by chance: columns and fields of the names below, and identifiers of our own.
 */
import { mentionsCardNumber } from '@ordergraph/platform/card-numbers.ts';
import { streamName } from '@ordergraph/schema/events/streams.ts';
import { subgraphs, type SubgraphName } from '@ordergraph/schema/subgraphs.ts';
import type { Invariant } from './invariant.ts';
import { acrossDatabases, type Findings } from './queries.ts';
import type { Scene, Sql } from './scene.ts';

/** Hexadecimal digests and trace ids, and product codes, among which are bar codes with a check digit of their own. */
const namesLeftOut = new Set(['traceparent', 'request_hash', 'epoch', 'sku']);
/** Columns that this system fills by itself, from a list or a generator. */
const ownColumns = new Set(
  (
    'id order_id line_id event_id attempt_id transaction_id causation_id ' +
    'status previous_status state kind currency consumer stream'
  ).split(' '),
);
const rowsAtOnce = 2_000;
const messagesAtOnce = 1_000;

export const cardNumberInvariants: readonly Invariant[] = [
  ...subgraphs.map(({ name }) =>
    acrossDatabases({
      number: 21,
      promise: `no card number or secret in the database of ${name}`,
      check: (scene, findings) => searchDatabase(scene, name, findings),
    }),
  ),
  acrossDatabases({
    number: 21,
    promise: 'no card number or secret in a stream',
    check: searchStreams,
  }),
];

/** The database finds the few rows that may be at fault, in one pass a table; what they hold is judged here. */
async function searchDatabase(scene: Scene, name: SubgraphName, findings: Findings): Promise<void> {
  const sql = scene.sql[name];
  // On 140 MB of events: digits as a pattern 1.1 s, secrets by LIKE 1.1 s, all in one pattern 8 s.
  const secrets = scene.secrets.map((secret) => `%${escaped(secret)}%`);
  for (const [table, columns] of await searchedColumns(sql)) {
    const [counted] = await sql<
      { count: number }[]
    >`select count(*)::int as count from ${sql(table)}`;
    findings.looked(counted?.count);
    const anyOf = columns
      .map(
        (column) => sql`${sql(column)}::text ~ '[0-9]([ -]?[0-9]){12}'
          or ${sql(column)}::text like any(${secrets}::text[])`,
      )
      .reduce((all, one) => sql`${all} or ${one}`);
    const candidates = sql<Record<string, string | null>[]>`
      select ctid::text as ctid, ${columns.map((column) => sql`${sql(column)}::text as ${sql(column)},`)} null
      from ${sql(table)} where ${anyOf}`;
    for await (const page of candidates.cursor(rowsAtOnce)) {
      for (const { ctid: row, ...values } of page) {
        const found = columns.map((column) => ({
          column,
          what: offenceIn(values[column] ?? '', scene.secrets),
        }));
        // What was found is not shown: reports are kept and sent around.
        for (const { column, what } of found.filter((each) => each.what)) {
          findings.add({ database: name, table, column, row, what });
        }
      }
    }
  }
}

async function searchStreams({ bus, secrets }: Scene, findings: Findings): Promise<void> {
  for (const owner of ['order', 'inventory', 'payment'] as const) {
    const stream = streamName(bus.prefix, owner);
    const { state } = await bus.manager.streams.info(stream);
    if (state.messages === 0) continue;
    const consumer = await bus.client.consumers.get(stream);
    for (let last = 0; last < state.last_seq;) {
      const messages = await consumer.fetch({ max_messages: messagesAtOnce, expires: 5_000 });
      for await (const message of messages) {
        findings.looked();
        const what = offenceIn(message.string(), secrets);
        if (what) findings.add({ stream, sequence: message.seq, what });
        last = message.seq;
        if (last >= state.last_seq) break;
      }
    }
  }
}

async function searchedColumns(sql: Sql): Promise<Map<string, string[]>> {
  const columns = await sql<{ table: string; column: string }[]>`
    select table_name as table, column_name as column
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema = 'public' and table_type = 'BASE TABLE'
      and data_type in ('text', 'character varying', 'character', 'json', 'jsonb')
    order by table_name, ordinal_position`;
  const searched = columns.filter(
    ({ column }) => !namesLeftOut.has(column) && !ownColumns.has(column),
  );
  const byTable = Map.groupBy(searched, ({ table }) => table);
  return new Map([...byTable].map(([table, rows]) => [table, rows.map(({ column }) => column)]));
}

/** What is wrong with a text; undefined if nothing is. */
export function offenceIn(text: string, secrets: readonly string[]): string | undefined {
  if (secrets.some((secret) => text.includes(secret))) return 'a secret';
  return textsIn(text).some(mentionsCardNumber) ? 'a card number' : undefined;
}

/** Of JSON its strings, but for those under names that are left out; of anything else the text itself. */
function textsIn(text: string): string[] {
  if (!/^\s*[[{"]/.test(text)) return [text];
  try {
    return stringsIn(JSON.parse(text));
  } catch {
    return [text];
  }
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return /^\s*[[{]/.test(value) ? textsIn(value) : [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    namesLeftOut.has(name) ? [] : stringsIn(inner),
  );
}

function escaped(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}
