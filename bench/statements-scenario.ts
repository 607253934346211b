/** `statements`: how many SQL statements a complete order takes, counted by PostgreSQL. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, type Database } from '@ordergraph/platform/database.ts';
import { subgraphs } from '@ordergraph/schema/subgraphs.ts';
import { measureOrders } from './orders.ts';
import { besideMark, type Section } from './report.ts';
import { interleave } from './rounds.ts';
import type { BenchOptions, Scenario } from './scenario.ts';
import { onWarmSystem, skus } from './shop.ts';
import { shown, spread } from './statistics.ts';
import type { System } from './system.ts';

/** By service. Control is what opens and ends transactions. */
type Counts = Readonly<Record<string, { readonly work: number; readonly control: number }>>;
type Sample = { readonly perUnit: Counts };

const clients = [8, 32, 128];
const mark = 5;
const idleS = 5;

export const statementsScenario: Scenario = {
  name: 'statements',
  about: 'SQL statements a complete order, by service',
  async run(options) {
    const { result, checked } = await onWarmSystem({ statements: true }, (system) =>
      countAll(system, options),
    );
    return [sectionOf(result, checked)];
  },
};

type Counted = { readonly loaded: Sample[][]; readonly idle: Counts };

async function countAll(
  system: System,
  { orders, rounds, progress }: BenchOptions,
): Promise<Counted> {
  const admin = openDatabase(system.databaseUrl, { poolMax: 1, name: 'bench' });
  try {
    const beforeIdle = await readCounts(admin);
    await sleep(idleS * 1_000);
    const idle = difference(beforeIdle, await readCounts(admin), idleS);
    const loaded = await interleave(clients, rounds, async (count, round) => {
      progress(`statements: round ${round + 1} of ${rounds}, ${count} clients`);
      const before = await readCounts(admin);
      await measureOrders(system, { clients: count, orders, skus, run: `s${round}-${count}` });
      return { perUnit: difference(before, await readCounts(admin), orders) };
    });
    return { loaded, idle };
  } finally {
    await admin.end();
  }
}

async function readCounts(admin: Database): Promise<Counts> {
  const rows = await admin<{ database: string; work: number; control: number }[]>`
    select datname as database,
      sum(calls) filter (where query !~* '^(begin|commit|rollback)')::bigint as work,
      sum(calls) filter (where query ~* '^(begin|commit|rollback)')::bigint as control
    from pg_stat_statements join pg_database on pg_database.oid = dbid
    where toplevel group by datname`;
  return Object.fromEntries(
    subgraphs.map(({ name }) => {
      const row = rows.find(({ database }) => database.endsWith(`_${name}`));
      return [name, { work: row?.work ?? 0, control: row?.control ?? 0 }];
    }),
  );
}

function difference(before: Counts, after: Counts, units: number): Counts {
  return Object.fromEntries(
    Object.entries(after).map(([name, { work, control }]) => [
      name,
      {
        work: (work - (before[name]?.work ?? 0)) / units,
        control: (control - (before[name]?.control ?? 0)) / units,
      },
    ]),
  );
}

function sectionOf({ loaded, idle }: Counted, checked: string): Section {
  const names = subgraphs.map(({ name }) => name);
  const figure = (samples: readonly Sample[], of: (counts: Counts) => number): string =>
    shown(spread(samples.map(({ perUnit }) => of(perUnit))), 2);
  const sum = (counts: Counts, part: 'work' | 'control'): number =>
    names.reduce((total, name) => total + (counts[name]?.[part] ?? 0), 0);
  const busiest = spread((loaded.at(-1) ?? []).map(({ perUnit }) => sum(perUnit, 'work'))).median;
  return {
    title: 'SQL statements of a complete order',
    method:
      'Counted by pg_stat_statements over placement, stock, payment, confirmation, mail, analytics, outboxes and live updates, polling included. `begin` and `commit` are counted apart.',
    header: ['', ...clients.map((count) => `${count} clients`), 'idle, a second'],
    rows: [
      ...names.map((name) => [
        name,
        ...loaded.map((samples) => figure(samples, (counts) => counts[name]?.work ?? 0)),
        (idle[name]?.work ?? 0).toFixed(1),
      ]),
      [
        'sum',
        ...loaded.map((samples) => figure(samples, (counts) => sum(counts, 'work'))),
        sum(idle, 'work').toFixed(1),
      ],
      [
        'begin and commit',
        ...loaded.map((samples) => figure(samples, (counts) => sum(counts, 'control'))),
        sum(idle, 'control').toFixed(1),
      ],
    ],
    findings: [
      `At ${clients.at(-1)} clients, statements an order: ${besideMark(busiest, { atMost: mark })}.`,
      checked,
    ],
  };
}
