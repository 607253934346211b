/** The closing table. */
import { formatAmount } from '@ordergraph/platform/money.ts';
import { table } from '../text-table.ts';
import type { Outcome, Percentiles, Tally } from './outcome.ts';
import { currency, type Plan } from './plan.ts';
import { leftOutReasons } from './sales-lines.ts';

const differencesShownMax = 20;

/** What of the file is placed, and what is left out and why. */
export function fileReport(plan: Plan): string {
  const counted = plan.orders.reduce((sum, order) => sum + order.lines.length, 0);
  const countedMinor = plan.orders.reduce((sum, order) => sum + order.totalMinor, 0);
  const rows = [
    ['lines that count as sales', count(counted), pounds(countedMinor)],
    ...[...plan.leftOut].map(([reason, { lines, worth }]) => [
      `left out: ${leftOutReasons[reason]}`,
      count(lines),
      exactPounds(worth),
    ]),
    ['lines read', count(plan.linesRead), exactPounds(worthOfAll(plan, countedMinor))],
  ];
  return `${table(['In the file', 'lines', currency], rows)}

${count(plan.invoicesPlaced)} of ${count(plan.invoicesRead)} invoices have sales and become ${count(plan.orders.length)} orders of ${count(plan.products.length)} products.`;
}

/** What the system made of it. */
export function outcomeReport(outcome: Outcome): string {
  const { differences } = outcome;
  const shown = differences.slice(0, differencesShownMax).map((line) => `  ${line}`);
  const verdict =
    differences.length === 0
      ? 'No difference: every order is CONFIRMED and the revenue of every country equals the file’s to the penny.'
      : [
          `${count(differences.length)} differences:`,
          ...shown,
          ...(differences.length > shown.length ? ['  …'] : []),
        ].join('\n');
  return [
    table(
      ['Orders', 'orders', 'lines'],
      [
        ['placed', ...tally(outcome.placed)],
        ['confirmed', ...tally(outcome.confirmed)],
        ['rejected', ...tally(outcome.rejected)],
        ...[...outcome.others].map(([status, ended]) => [status.toLowerCase(), ...tally(ended)]),
        ['replayed: placed by an earlier run', count(outcome.replayed), ''],
      ],
    ),
    table(
      [`Revenue in ${currency}`, 'orders', 'file', 'system', 'difference'],
      [...outcome.countries, totals(outcome)].map((row) => [
        row.country,
        count(row.orders),
        pounds(row.fileMinor),
        pounds(row.systemMinor),
        pounds(row.systemMinor - row.fileMinor),
      ]),
    ),
    table(
      ['Milliseconds', 'p50', 'p95', 'p99'],
      [
        ['placement', ...milliseconds(outcome.placement)],
        ['placement to confirmed, seen live', ...milliseconds(outcome.confirmation)],
      ],
    ),
    `${outcome.ordersPerSecond.toFixed(1)} orders per second, each followed to its end.`,
    verdict,
  ].join('\n\n');
}

function totals({ countries }: Outcome): Outcome['countries'][number] {
  const sum = (key: 'orders' | 'fileMinor' | 'systemMinor'): number =>
    countries.reduce((total, row) => total + row[key], 0);
  return {
    country: 'all countries',
    orders: sum('orders'),
    fileMinor: sum('fileMinor'),
    systemMinor: sum('systemMinor'),
  };
}

function worthOfAll(plan: Plan, countedMinor: number): bigint {
  const left = [...plan.leftOut.values()].reduce((sum, { worth }) => sum + worth, 0n);
  return BigInt(countedMinor) * 1_000n + left;
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function tally({ orders, lines }: Tally): string[] {
  return [count(orders), count(lines)];
}

function pounds(minor: number): string {
  return grouped(formatAmount({ minor, currency }));
}

/** From thousandths of a penny; they are shown only where there are any. */
function exactPounds(worth: bigint): string {
  const digits = String(worth < 0n ? -worth : worth).padStart(6, '0');
  const fraction = digits.slice(-5).replace(/0{1,3}$/, '');
  return grouped(`${worth < 0n ? '-' : ''}${digits.slice(0, -5)}.${fraction}`);
}

function grouped(amount: string): string {
  return amount.replace(/^-?\d+/, (whole) => whole.replaceAll(/\B(?=(\d{3})+$)/g, ','));
}

function milliseconds(figures: Percentiles | undefined): string[] {
  if (!figures) return ['–', '–', '–'];
  return [figures.p50, figures.p95, figures.p99].map((value) => value.toFixed(1));
}
