/**
 * `inserts`: what placing an order costs above the bare insertion of its rows. The same rows (idempotency key, order,
 * line, history, outbox) go into the same tables with the same keys and triggers.
 */
import { newId } from '@ordergraph/platform/ids.ts';
import type { Database } from '@ordergraph/platform/database.ts';
import { placementQueue } from '@ordergraph/order/commands/placement-queue.ts';
import type { PlacementRequest } from '@ordergraph/order/commands/place-orders.ts';
import { upsertEntries } from '@ordergraph/order/store/catalogue.ts';
import { measureOrders } from './orders.ts';
import { copyOf, insertCopies, insertStatement, readPlacedRows } from './placed-rows.ts';
import { besideMark, type Section } from './report.ts';
import { interleave } from './rounds.ts';
import type { BenchOptions, Scenario } from './scenario.ts';
import { scratchDatabase } from './scratch-database.ts';
import { onWarmSystem, skus } from './shop.ts';
import { shown, spread } from './statistics.ts';
import type { System } from './system.ts';

/** Measures once, and says how many orders a second were inserted or placed. */
type Case = { readonly name: string; readonly measure: (round: number) => Promise<number> };

const connections = 8;
const ordersPerStatement = 100;
const routerClients = 32;
const submitters = [8, 32, 200];
const mark = 0.3;

export const insertsScenario: Scenario = {
  name: 'inserts',
  about: 'placements a second beside bare insertion of the same rows',
  async run(options) {
    const { result, checked } = await onWarmSystem({}, (system) => measureAll(system, options));
    return [sectionOf(result, checked)];
  },
};

type Rates = { readonly names: readonly string[]; readonly samples: readonly number[][] };

async function measureAll(
  system: System,
  { orders, rounds, progress }: BenchOptions,
): Promise<Rates> {
  const { sql, close } = await scratchDatabase(system, {
    name: 'bench_inserts',
    migrations: new URL('../subgraphs/order/store/migrations/', import.meta.url),
    poolMax: connections,
  });
  try {
    const cases = [
      ...(await bareCases(sql, orders)),
      ...submitters.map((count) => commandCase(sql, { submitters: count, orders })),
      routerCase(system, orders),
    ];
    const samples = await interleave(cases, rounds, ({ name, measure }, round) => {
      progress(`inserts: round ${round + 1} of ${rounds}, ${name}`);
      return measure(round);
    });
    return { names: cases.map(({ name }) => name), samples };
  } finally {
    await close();
  }
}

async function bareCases(sql: Database, orders: number): Promise<Case[]> {
  await sql.begin((tx) => upsertEntries(tx, [product]));
  await openQueue(sql).submit(placement());
  const rows = await readPlacedRows(sql);
  return [1, ordersPerStatement].map((batch) => ({
    name: `bare, ${batch === 1 ? 'one order' : `${batch} orders`} a statement`,
    measure: async () => {
      const statement = insertStatement(rows, batch);
      const statements = Math.ceil((orders * (batch === 1 ? 1 : 5)) / batch);
      // Made before the clock runs: what is measured is the database.
      const values = Array.from({ length: statements }, () =>
        Array.from({ length: batch }, () => copyOf(rows)).flat(),
      );
      const took = await timed(connections, values, (copy) => insertCopies(sql, statement, copy));
      return (statements * batch) / took;
    },
  }));
}

function commandCase(sql: Database, size: { submitters: number; orders: number }): Case {
  return {
    name: `the command, ${size.submitters} requests under way`,
    async measure() {
      const queue = openQueue(sql);
      const requests = Array.from({ length: size.orders }, placement);
      const took = await timed(size.submitters, requests, async (request) => {
        const { kind } = await queue.submit(request);
        if (kind !== 'placed') throw new Error(`A placement was ${kind}`);
      });
      return size.orders / took;
    },
  };
}

function routerCase(system: System, orders: number): Case {
  return {
    name: `through the router, ${routerClients} clients, everything that follows under way`,
    async measure(round) {
      const plan = { clients: routerClients, orders, skus, run: `i${round}` };
      return (await measureOrders(system, plan)).placedPerS;
    },
  };
}

/** Works through the items, so many at a time; the time it took in seconds. */
async function timed<T>(
  atATime: number,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<number> {
  const startedAtMs = performance.now();
  const rest = items.values();
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      for (const item of rest) await work(item);
    }),
  );
  return (performance.now() - startedAtMs) / 1_000;
}

const product = {
  sku: 'BENCH',
  version: 1,
  name: 'Product BENCH',
  unitPriceMinor: 1_250,
  currency: 'GBP',
};

function openQueue(sql: Database) {
  return placementQueue({
    sql,
    now: () => new Date(),
    policy: { placementTimeoutMs: 600_000, cancellationTimeoutMs: 30_000 },
    committed: () => undefined,
  });
}

function placement(): PlacementRequest {
  return {
    caller: 'bench',
    idempotencyKey: newId('evt'),
    requestHash: 'Yh9wqVbTqkq3P0y0m5p1fX5x0m1i2n3o4p5q6r7s8t9',
    command: {
      customerId: 'bench',
      lines: [{ sku: product.sku, quantity: 1, expectedUnitPrice: null, unitPrice: null }],
      shippingAddress: {
        name: 'Ada Byron',
        line1: '12 St James Square',
        line2: null,
        city: 'London',
        region: null,
        postalCode: 'SW1Y 4JH',
        countryCode: 'GB',
        phone: null,
        email: 'ada@example.com',
      },
      payment: { channel: 'SANDBOX', token: 'tok_ok' },
    },
    cause: { correlationId: newId('evt'), causationId: null },
  };
}

function sectionOf({ names, samples }: Rates, checked: string): Section {
  const [first = []] = samples;
  const ratios = samples.map((rates) =>
    spread(rates.map((rate, round) => rate / (first[round] ?? Number.NaN))),
  );
  return {
    title: 'Placements beside bare inserts',
    method: `An order’s rows in five tables. Bare: copies of them, values made beforehand, by a prepared statement a transaction from ${connections} connections. The command: the order service’s placements as the service joins them into transactions, without HTTP. fsync on.`,
    header: ['', 'orders/s', 'of the first, by round'],
    rows: names.map((name, i) => [
      name,
      shown(spread(samples[i] ?? [])),
      shown(ratios[i] ?? spread([]), 2),
    ]),
    findings: [
      ...submitters.map((count, i) => {
        const ratio = ratios[i + 2]?.median ?? Number.NaN;
        return `The command with ${count} requests under way, of the first: ${besideMark(ratio, { atLeast: mark })}.`;
      }),
      checked,
    ],
  };
}
