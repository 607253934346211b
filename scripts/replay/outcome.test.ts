import { expect, test } from 'vitest';
import { outcomeOf, percentiles, type ReplayedOrder } from './outcome.ts';
import { Planner, type PlannedOrder } from './plan.ts';
import { outcomeReport } from './report.ts';

const planned: PlannedOrder = {
  key: '536365',
  customer: '17850',
  countryCode: 'FR',
  lines: [{ sku: 'A', quantity: 2, unitPriceMinor: 255 }],
  totalMinor: 510,
};
const right: ReplayedOrder = {
  planned,
  placement: {
    orderId: 'ord_1',
    replayed: false,
    tookMs: 12,
    startedAtMs: 1_000,
    lines: 1,
    totalMinor: 510,
  },
  ending: { status: 'CONFIRMED', version: 3, seenAtMs: 1_100, outOfOrder: 0 },
  readBack: { status: 'CONFIRMED', version: 3, totalMinor: 510, countryCode: 'FR' },
};

function outcome(...orders: ReplayedOrder[]) {
  const plan = { ...new Planner().plan(), orders: orders.map((order) => order.planned) };
  return outcomeOf(plan, { orders, tookMs: 500 });
}

test('without a difference the figures are all there is to say', () => {
  const { differences, countries, placed, confirmed, confirmation, ordersPerSecond } =
    outcome(right);
  expect(differences).toEqual([]);
  expect(countries).toEqual([{ country: 'France', orders: 1, fileMinor: 510, systemMinor: 510 }]);
  expect([placed, confirmed]).toEqual([
    { orders: 1, lines: 1 },
    { orders: 1, lines: 1 },
  ]);
  expect(confirmation).toEqual({ p50: 100, p95: 100, p99: 100 });
  expect(ordersPerSecond).toBe(2);
});

const asItIs = { status: 'CONFIRMED', version: 3, totalMinor: 510, countryCode: 'FR' };
test.each<[string, Partial<ReplayedOrder>, string]>([
  ['a rejected order', { readBack: { ...asItIs, status: 'REJECTED' } }, 'is REJECTED'],
  ['a penny too little', { readBack: { ...asItIs, totalMinor: 509 } }, 'total is not'],
  ['another country', { readBack: { ...asItIs, countryCode: 'DE' } }, 'another country'],
  ['an order that is gone', { readBack: undefined }, 'does not have it'],
  ['a line too few', { placement: { ...right.placement, lines: 0 } }, 'lines are missing'],
  ['a status older than the live one', { readBack: { ...asItIs, version: 2 } }, 'older than'],
  [
    'another status than the live one',
    { ending: { ...right.ending, status: 'EXPIRED' } },
    'its last live status was EXPIRED',
  ],
  ['a live status that went back', { ending: { ...right.ending, outOfOrder: 1 } }, 'went back'],
])('%s is a difference', (_, changes, words) => {
  expect(outcome(right, { ...right, ...changes }).differences.join('\n')).toContain(words);
});

test('revenue that moved from one country to another is a difference though the sum is right', () => {
  const moved = { ...right, readBack: { ...asItIs, countryCode: 'DE' } };
  expect(outcome(moved).differences).toContain("the revenue of France is not the file's");
});

test('an order that was never placed is a difference', () => {
  const plan = { ...new Planner().plan(), orders: [planned, planned] };
  const { differences } = outcomeOf(plan, { orders: [right], tookMs: 1 });
  expect(differences).toContain('2 orders were to be placed, 1 were');
});

test('orders of an earlier run count as replayed, not in the times', () => {
  const replayed = { ...right, placement: { ...right.placement, replayed: true } };
  expect(outcome(replayed)).toMatchObject({ replayed: 1, placement: undefined, differences: [] });
});

test('percentiles are by nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(percentiles(values)).toEqual({ p50: 50, p95: 95, p99: 99 });
  expect(percentiles([7])).toEqual({ p50: 7, p95: 7, p99: 7 });
  expect(percentiles([])).toBeUndefined();
});

test('the closing table groups thousands and shows pence', () => {
  const dear = { ...planned, totalMinor: 123_456_789 };
  const order = {
    ...right,
    planned: dear,
    placement: { ...right.placement, totalMinor: dear.totalMinor },
    readBack: { ...asItIs, totalMinor: dear.totalMinor },
  };
  const text = outcomeReport(outcome(order));
  expect(text).toContain('1,234,567.89');
  expect(text).toContain('No difference');
});
