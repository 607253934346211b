/** `orders`: complete orders through the router, all services in one process and each in its own. */
import { measureOrders, systemCpuMs, type OrdersRun } from './orders.ts';
import { besideMark, type Section } from './report.ts';
import { interleave } from './rounds.ts';
import type { BenchOptions, Scenario } from './scenario.ts';
import { onWarmSystem, skus } from './shop.ts';
import { shown, spread } from './statistics.ts';

type Case = { readonly clients: number; readonly patient: boolean; readonly orders: number };
type Measurement = { readonly one: Case; readonly runs: readonly OrdersRun[] };

const cpuMarkMs = 2;
const busiest = 32;

export const ordersScenario: Scenario = {
  name: 'orders',
  about: 'complete orders a second and CPU time an order at 1, 8 and 32 clients; time to confirmed',
  async run(options) {
    return [
      ...(await measureDeployment(options, { apart: false })),
      ...(await measureDeployment(options, { apart: true })),
    ];
  },
};

async function measureDeployment(
  { orders, rounds, progress }: BenchOptions,
  { apart }: { apart: boolean },
): Promise<Section[]> {
  const where = apart ? 'a process for each service' : 'all services in one process';
  const cases = casesOf(orders);
  const { result, checked } = await onWarmSystem({ apart }, (system) =>
    interleave(cases, rounds, (one, round) => {
      progress(`orders, ${where}: round ${round + 1} of ${rounds}, ${nameOf(one)}`);
      const run = `r${round}-${one.clients}${one.patient ? 'p' : ''}`;
      return measureOrders(system, { ...one, skus, run });
    }),
  );
  const measured = cases.map((one, i): Measurement => ({ one, runs: result[i] ?? [] }));
  return [
    ratesSection(
      where,
      measured.filter(({ one }) => !one.patient),
      checked,
    ),
    cpuSection(
      where,
      measured.filter(({ one }) => !one.patient),
    ),
    latencySection(
      where,
      measured.filter(({ one }) => one.patient),
    ),
  ];
}

/** Few clients get fewer orders, so that a round's parts take about as long as one another. */
function casesOf(orders: number): Case[] {
  return [
    { clients: 1, patient: false, orders: Math.ceil(orders / 6) },
    { clients: 8, patient: false, orders: Math.ceil(orders / 2) },
    { clients: busiest, patient: false, orders },
    { clients: 1, patient: true, orders: Math.ceil(orders / 20) },
    { clients: 8, patient: true, orders: Math.ceil(orders / 4) },
  ];
}

function nameOf({ clients, patient }: Case): string {
  return `${clients} ${patient ? 'patient ' : ''}${clients === 1 ? 'client' : 'clients'}`;
}

function over(
  runs: readonly OrdersRun[],
  figure: (run: OrdersRun) => number,
  digits?: number,
): string {
  return shown(spread(runs.map(figure)), digits);
}

function ratesSection(where: string, measured: readonly Measurement[], checked: string): Section {
  return {
    title: `Complete orders, ${where}`,
    method:
      'Each client places an order of one line through the router and places the next one when it is answered. Orders a second until the last is answered, confirmed, and mailed; placement is the answer’s time as the client sees it.',
    header: [
      'clients',
      'placed/s',
      'confirmed/s',
      'mailed/s',
      'placement p50 ms',
      'placement p99 ms',
    ],
    rows: measured.map(({ one, runs }) => [
      String(one.clients),
      over(runs, ({ placedPerS }) => placedPerS),
      over(runs, ({ confirmedPerS }) => confirmedPerS),
      over(runs, ({ mailedPerS }) => mailedPerS),
      over(runs, ({ placementMs }) => placementMs.p50, 1),
      over(runs, ({ placementMs }) => placementMs.p99, 1),
    ]),
    findings: [checked],
  };
}

function cpuSection(where: string, measured: readonly Measurement[]): Section {
  const names = Object.keys(measured[0]?.runs[0]?.cpuMs ?? {});
  const outside = names.includes('outside')
    ? ' `outside` is the payment provider and the mail server, which stand for other people’s; it is not in the sum.'
    : ' The payment provider and the mail server, which stand for other people’s, are in `services`.';
  const rows = measured.map(({ one, runs }) => [
    String(one.clients),
    over(runs, systemCpuMs, 2),
    ...names.map((name) => over(runs, ({ cpuMs }) => cpuMs?.[name] ?? Number.NaN, 2)),
  ]);
  const last = measured.find(({ one }) => one.clients === busiest);
  const sum = last && spread(last.runs.map(systemCpuMs)).median;
  return {
    title: `CPU time of a complete order, ${where}`,
    method: `Milliseconds an order from the first request to the last mail, from the kernel’s books, without the clients.${outside}`,
    header: ['clients', 'sum', ...names],
    rows,
    findings: sum
      ? [`At ${busiest} clients, ms an order: ${besideMark(sum, { atMost: cpuMarkMs })}.`]
      : [],
  };
}

function latencySection(where: string, measured: readonly Measurement[]): Section {
  return {
    title: `Time to confirmed, ${where}`,
    method:
      'Patient clients: each waits until its order is confirmed, as the live stream tells, before it places the next. From the request until the client knows.',
    header: ['clients', 'p50 ms', 'p99 ms', 'orders/s'],
    rows: measured.map(({ one, runs }) => [
      String(one.clients),
      over(runs, ({ confirmationMs }) => confirmationMs.p50, 1),
      over(runs, ({ confirmationMs }) => confirmationMs.p99, 1),
      over(runs, ({ confirmedPerS }) => confirmedPerS),
    ]),
    findings: [],
  };
}
