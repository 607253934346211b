import { expect, test } from 'vitest';
import { dayOf, foldSales, type Confirmation, type SaleEvent } from './sales.ts';

const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 23, minute));

function confirmed(minute: number): Confirmation {
  return {
    kind: 'confirmed',
    orderId: 'a',
    at: at(minute),
    totalMinor: 500,
    currency: 'GBP',
    countryCode: 'GB',
    channel: 'SANDBOX',
    lines: [],
  };
}
const cancelled = (minute: number): SaleEvent => ({
  kind: 'cancelled',
  orderId: 'a',
  at: at(minute),
});
const none = { confirmedAt: null, totalMinor: null, currency: null };

test.each<[string, SaleEvent[], object]>([
  ['confirmed', [confirmed(1)], { confirmedAt: at(1), cancelledAt: null, totalMinor: 500 }],
  ['cancelled', [cancelled(1)], { cancelledAt: at(1), ...none }],
  ['confirmed, confirmed', [confirmed(1), confirmed(2)], { confirmedAt: at(1), cancelledAt: null }],
  [
    'confirmed, cancelled',
    [confirmed(1), cancelled(2)],
    { confirmedAt: at(1), cancelledAt: at(2) },
  ],
  [
    'cancelled, confirmed',
    [cancelled(2), confirmed(1)],
    { confirmedAt: at(1), cancelledAt: at(2) },
  ],
  ['cancelled, cancelled', [cancelled(1), cancelled(2)], { cancelledAt: at(1), ...none }],
])('%s', (_title, events, sale) => {
  expect(foldSales(events)).toMatchObject([{ orderId: 'a', ...sale }]);
});

test('a day ends at midnight in UTC', () => {
  expect(dayOf(new Date('2026-01-01T23:59:59.999Z'))).toBe('2026-01-01');
  expect(dayOf(new Date('2026-01-02T00:00:00.000Z'))).toBe('2026-01-02');
});
