/**
 * Counts which client runs which operation, and so which fields it reads. A request costs two look-ups in memory; every
 * few seconds what was counted goes to the database in one statement. What clients can make up at will, their names and
 * texts, is bounded per flush and per day: what is beyond is counted together. Nothing personal is kept, no text either.
 */
import type { Logger } from '@ordergraph/platform/logger.ts';
import { usedFields } from '@ordergraph/schema/manifests/operation-fields.ts';
import { separateOperations, type GraphQLSchema } from 'graphql';
import type { ValidOperation } from '../operations.ts';
import { withinTime } from '../partners/within-time.ts';
import type { Caller } from '../request.ts';
import type { UsageRow } from '../store/usage.ts';
import { operationDigest } from './operation-digest.ts';

export type Use = {
  /** What the operation is valid for. */
  readonly schema: GraphQLSchema;
  readonly operation: ValidOperation;
  readonly text: string;
  readonly caller: Caller;
  /** What the client calls itself; may be empty. */
  readonly client: string;
};

export type UsageRecorder = {
  readonly record: (use: Use) => void;
  /** Writes what was counted, if the database takes it in time, and then stops. */
  readonly close: () => Promise<void>;
};

export type UsageOptions = {
  /** Adds rows to what is stored. */
  readonly store: (rows: readonly UsageRow[]) => Promise<void>;
  readonly logger: Logger;
  /** Of requests without a partner's key, this part is counted, and stands for all. */
  readonly sampleRate: number;
  readonly flushMs?: number;
  readonly random?: () => number;
};

type Count = { readonly partner: string; readonly client: string; requests: number };
type Counted = {
  readonly schema: GraphQLSchema;
  readonly text: string;
  readonly counts: Map<string, Count>;
};

/** Pairs of client and operation counted between two flushes. */
const countsMax = 2_000;
/** Pairs of client and operation told apart on one day, where they are not bounded by a manifest. */
const pairsPerDayMax = 2_000;
const other = '(other)';
const closeTimeoutMs = 2_000;

export function createUsageRecorder(options: UsageOptions): UsageRecorder {
  const { store, logger, sampleRate, flushMs = 5_000, random = Math.random } = options;
  const today = new DayOfPairs();
  let counted = new Map<ValidOperation, Counted>();
  let size = 0;
  /** Rows that the database did not take. */
  let left: readonly UsageRow[] = [];

  const flush = async (): Promise<void> => {
    const taken = counted;
    counted = new Map();
    size = 0;
    const rows = merged([...left, ...rowsOf(taken, today)]);
    left = [];
    if (rows.length === 0) return;
    await store(rows).catch((error: unknown) => {
      left = rows.slice(0, countsMax);
      logger.warn({ err: error }, 'usage cannot be written');
    });
  };

  let flushing = Promise.resolve();
  const timer = setInterval(() => {
    flushing = flushing.then(flush);
  }, flushMs);

  return {
    record({ schema, operation, text, caller: { partner }, client }) {
      const rate = partner ? 1 : sampleRate;
      if (rate <= 0 || (rate < 1 && random() >= rate)) return;
      const known = counted.get(operation) ?? { schema, text, counts: new Map<string, Count>() };
      const key = `${partner?.name ?? ''}\n${client}`;
      let count = known.counts.get(key);
      if (!count) {
        if (size >= countsMax) return;
        size += 1;
        count = { partner: partner?.name ?? '', client, requests: 0 };
        known.counts.set(key, count);
        counted.set(operation, known);
      }
      count.requests += 1 / rate;
    },
    async close() {
      clearInterval(timer);
      await withinTime(flushing.then(flush), closeTimeoutMs).catch(() => undefined);
    },
  };
}

/** Which pairs of client and operation were told apart today, as far as clients make them up. */
class DayOfPairs {
  readonly #pairs = new Set<string>();
  #day = '';

  admits(pair: string, day: string): boolean {
    if (day !== this.#day) this.#pairs.clear();
    this.#day = day;
    if (this.#pairs.size < pairsPerDayMax) this.#pairs.add(pair);
    return this.#pairs.has(pair);
  }
}

function rowsOf(counted: ReadonlyMap<ValidOperation, Counted>, today: DayOfPairs): UsageRow[] {
  const day = new Date().toISOString().slice(0, 10);
  return [...counted].flatMap(([operation, { schema, text, counts }]) => {
    const described = describe(operation, text, schema);
    return [...counts.values()].map(({ partner, client, requests }) => {
      const row = { ...described, day, partner, client, requests: Math.round(requests) };
      if (partner !== '' || today.admits(`${client}\n${row.digest}`, day)) return row;
      return { ...row, ...anyOther, client: other };
    });
  });
}

type Described = Pick<UsageRow, 'digest' | 'name' | 'type' | 'fields'>;

const anyOther: Described = { digest: other, name: other, type: 'query', fields: [] };
const nameMax = 128;

function describe(
  { name = '', type, document }: ValidOperation,
  text: string,
  schema: GraphQLSchema,
) {
  const own = separateOperations(document)[name] ?? document;
  return {
    digest: operationDigest(name, text),
    name: name === '' ? '(unnamed)' : name.slice(0, nameMax),
    type,
    fields: Object.keys(usedFields(schema, own)),
  };
}

/** One row for each pair and day, in one order for all routers, so that none waits for another in a circle. */
function merged(rows: readonly UsageRow[]): UsageRow[] {
  const byKey = new Map<string, UsageRow>();
  for (const row of rows) {
    const key = `${row.digest}\n${row.day}\n${row.partner}\n${row.client}`;
    const requests = (byKey.get(key)?.requests ?? 0) + row.requests;
    byKey.set(key, { ...row, requests });
  }
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
