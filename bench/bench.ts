/** `npm run bench`: measures, prints tables, and writes a report. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { hotSkuScenario } from './hot-sku-scenario.ts';
import { insertsScenario } from './inserts-scenario.ts';
import { busyWarning, loadNow, thisMachine } from './machine.ts';
import { ordersScenario } from './orders-scenario.ts';
import { asMarkdown, asText, type Section } from './report.ts';
import { reservationsScenario } from './reservations-scenario.ts';
import type { Scenario } from './scenario.ts';
import { routerScenario } from './router.ts';
import { statementsScenario } from './statements-scenario.ts';
import { streamsScenario } from './streams.ts';

const scenarios: readonly Scenario[] = [
  ordersScenario,
  hotSkuScenario,
  statementsScenario,
  insertsScenario,
  reservationsScenario,
  routerScenario,
  streamsScenario,
];

const everything = 'all';
const defaults = { orders: 2_000, rounds: 3 };
const limits = { orders: { least: 100, most: 100_000 }, rounds: { least: 1, most: 50 } };

const usage = `npm run bench -- [${[...scenarios.map(({ name }) => name), everything].join(' | ')}] [--orders N] [--rounds N]

${scenarios.map(({ name, about }) => `  ${name.padEnd(14)}${about}`).join('\n')}
  ${everything.padEnd(14)}all of them, as without a name

  --orders N    orders in the largest measurement (${defaults.orders}); the others are sized by it
  --rounds N    how often each measurement is taken, in turn with those beside it (${defaults.rounds})

Starts what it measures on servers and ports of its own, checks every invariant afterwards, prints tables and writes
them to bench/results/. How it measures is told in bench/README.md.

Exit code 0, 1 if a measurement failed or a promise was broken, 2 for a wrong command.
`;

type Command = {
  readonly chosen: readonly Scenario[];
  readonly orders: number;
  readonly rounds: number;
};

function readCommand(args: string[]): Command | undefined {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        orders: { type: 'string' },
        rounds: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
    const [name = everything, ...rest] = positionals;
    const chosen = scenarios.filter((one) => name === everything || name === one.name);
    const orders = readCount(values.orders, 'orders');
    const rounds = readCount(values.rounds, 'rounds');
    if (values.help || rest.length > 0 || chosen.length === 0 || !orders || !rounds) {
      return undefined;
    }
    return { chosen, orders, rounds };
  } catch {
    return undefined;
  }
}

function readCount(text: string | undefined, name: keyof typeof defaults): number | undefined {
  const count = text === undefined ? defaults[name] : Number(text);
  const { least, most } = limits[name];
  return Number.isInteger(count) && count >= least && count <= most ? count : undefined;
}

async function run({ chosen, ...size }: Command): Promise<void> {
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  const report = await openReport(chosen.length === scenarios.length ? everything : nameOf(chosen));
  for (const scenario of chosen) {
    for (const section of await scenario.run({ ...size, progress })) {
      process.stdout.write(`\n${asText(section)}\n`);
      await report.add(section, size);
    }
  }
  process.stdout.write(`\nWritten to ${relative(process.cwd(), report.file)}\n`);
}

function nameOf(chosen: readonly Scenario[]): string {
  return chosen.map(({ name }) => name).join('-');
}

/** Written anew with each section, so that what was measured outlives what fails after it. */
async function openReport(name: string) {
  const startedAt = new Date();
  const loadBefore = loadNow();
  const warning = busyWarning(loadBefore);
  const { description, commit } = thisMachine();
  const date = startedAt.toISOString().slice(0, 10);
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${date}-${name}.md`);
  const sections: Section[] = [];
  const preface = ({ rounds, orders }: { rounds: number; orders: number }): string => {
    const minutes = ((Date.now() - startedAt.getTime()) / 60_000).toFixed(0);
    return [
      `# Benchmarks of ${date}\n`,
      `- Machine: ${description}; it holds the clients, PostgreSQL, NATS, Redis and all services at once`,
      `- Commit: ${commit}`,
      `- ${rounds} rounds, ${orders} orders in the largest measurement; ${minutes} minutes; load average before ${loadBefore.toFixed(1)}, after ${loadNow().toFixed(1)}`,
      ...(warning ? [`- ${warning}`] : []),
      '- Figures are medians of the rounds, in brackets the lowest and the highest. How they are taken: bench/README.md',
    ].join('\n');
  };
  return {
    file,
    async add(section: Section, size: { rounds: number; orders: number }): Promise<void> {
      sections.push(section);
      await writeFile(file, `${[preface(size), ...sections.map(asMarkdown)].join('\n\n')}\n`);
    },
  };
}

const command = readCommand(process.argv.slice(2));
if (command) {
  try {
    await run(command);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  }
} else {
  process.stdout.write(usage);
  process.exitCode = process.argv.includes('--help') ? 0 : 2;
}
