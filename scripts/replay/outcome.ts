/** What came of a replay: figures for the closing table, and every difference from what the file asks for. Pure. */
import { countryNameOf } from './countries.ts';
import type { Ending } from './live-status.ts';
import type { Placement } from './placing.ts';
import type { Plan, PlannedOrder } from './plan.ts';
import type { OrderAsItIs } from './read-back.ts';

export type ReplayedOrder = {
  readonly planned: PlannedOrder;
  readonly placement: Placement;
  readonly ending: Ending;
  /** Undefined if the API does not have the order. */
  readonly readBack: OrderAsItIs | undefined;
};

export type Tally = { readonly orders: number; readonly lines: number };
export type Percentiles = { readonly p50: number; readonly p95: number; readonly p99: number };
export type CountryRevenue = {
  readonly country: string;
  readonly orders: number;
  readonly fileMinor: number;
  readonly systemMinor: number;
};

export type Outcome = {
  readonly placed: Tally;
  readonly confirmed: Tally;
  readonly rejected: Tally;
  /** Ended in any other way, by status. */
  readonly others: ReadonlyMap<string, Tally>;
  /** How many were placed by an earlier run of the same orders. */
  readonly replayed: number;
  /** Largest first. */
  readonly countries: readonly CountryRevenue[];
  /** In milliseconds; undefined if all orders had been placed before. */
  readonly placement: Percentiles | undefined;
  readonly confirmation: Percentiles | undefined;
  readonly ordersPerSecond: number;
  /** In words; empty if the system did exactly what the file asks for. */
  readonly differences: readonly string[];
};

export function outcomeOf(
  plan: Plan,
  { orders, tookMs }: { orders: readonly ReplayedOrder[]; tookMs: number },
): Outcome {
  const byStatus = Map.groupBy(orders, (order) => order.readBack?.status ?? 'LOST');
  const others = [...byStatus].filter(
    ([status]) => status !== 'CONFIRMED' && status !== 'REJECTED',
  );
  const fresh = orders.filter(({ placement }) => !placement.replayed);
  const countries = revenueByCountry(plan, orders);
  return {
    placed: tally(orders),
    confirmed: tally(byStatus.get('CONFIRMED')),
    rejected: tally(byStatus.get('REJECTED')),
    others: new Map(others.map(([status, ended]) => [status, tally(ended)])),
    replayed: orders.length - fresh.length,
    countries,
    placement: percentiles(fresh.map(({ placement }) => placement.tookMs)),
    confirmation: percentiles(
      fresh
        .filter(({ ending }) => ending.status === 'CONFIRMED')
        .map(({ placement, ending }) => ending.seenAtMs - placement.startedAtMs),
    ),
    ordersPerSecond: tookMs > 0 ? (orders.length * 1_000) / tookMs : 0,
    differences: [
      ...(orders.length === plan.orders.length
        ? []
        : [`${plan.orders.length} orders were to be placed, ${orders.length} were`]),
      ...orders.flatMap(differencesOf),
      ...countries
        .filter(({ fileMinor, systemMinor }) => fileMinor !== systemMinor)
        .map(({ country }) => `the revenue of ${country} is not the file's`),
    ],
  };
}

function tally(orders: readonly ReplayedOrder[] = []): Tally {
  return {
    orders: orders.length,
    lines: orders.reduce((sum, { placement }) => sum + placement.lines, 0),
  };
}

function differencesOf({ planned, placement, ending, readBack }: ReplayedOrder): string[] {
  const name = `invoice ${planned.key} (${placement.orderId})`;
  if (!readBack) return [`${name}: the API gave its id, and does not have it`];
  const found: string[] = [];
  if (readBack.status !== 'CONFIRMED') found.push(`${name} is ${readBack.status}`);
  if (ending.outOfOrder > 0) found.push(`${name}: its live status went back or came twice`);
  // An order may have moved on since, but never to an older version or, at the same one, to another status.
  if (readBack.version < ending.version) found.push(`${name} is older than its live status`);
  if (readBack.version === ending.version && readBack.status !== ending.status) {
    found.push(`${name} is ${readBack.status}, its last live status was ${ending.status}`);
  }
  if (readBack.totalMinor !== planned.totalMinor || placement.totalMinor !== planned.totalMinor) {
    found.push(`${name}: its total is not the invoice's`);
  }
  if (placement.lines !== planned.lines.length) found.push(`${name}: lines are missing`);
  if (readBack.countryCode !== planned.countryCode) found.push(`${name}: another country`);
  return found;
}

/** The file's sales as they were planned, and what the API says of the confirmed orders. */
function revenueByCountry(plan: Plan, orders: readonly ReplayedOrder[]): CountryRevenue[] {
  const file = sumByCountry(plan.orders);
  const system = sumByCountry(
    orders.flatMap(({ readBack }) => (readBack?.status === 'CONFIRMED' ? [readBack] : [])),
  );
  return [...new Set([...file.keys(), ...system.keys()])]
    .map((code) => ({
      country: countryNameOf(code),
      orders: system.get(code)?.orders ?? 0,
      fileMinor: file.get(code)?.minor ?? 0,
      systemMinor: system.get(code)?.minor ?? 0,
    }))
    .toSorted((a, b) => b.fileMinor - a.fileMinor);
}

function sumByCountry(
  orders: readonly { countryCode: string; totalMinor: number }[],
): Map<string, { orders: number; minor: number }> {
  const sums = new Map<string, { orders: number; minor: number }>();
  for (const { countryCode, totalMinor } of orders) {
    const sum = sums.get(countryCode) ?? { orders: 0, minor: 0 };
    sums.set(countryCode, { orders: sum.orders + 1, minor: sum.minor + totalMinor });
  }
  return sums;
}

/** By the nearest-rank method. */
export function percentiles(values: readonly number[]): Percentiles | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (share: number): number =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return sorted.length === 0 ? undefined : { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99) };
}
