import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addToTotals,
  feeMinor,
  settlementCsv,
  settlementJson,
  type SettlementRow,
  type SettlementTotals,
} from './settlement.ts';

const aRow = (overrides: Partial<SettlementRow> = {}): SettlementRow => ({
  type: 'charge',
  id: 'ch_1',
  charge: 'ch_1',
  orderId: 'ord_1',
  attemptId: '1',
  settledAt: '2026-01-31T12:00:00.000Z',
  currency: 'GBP',
  gross: 1000,
  fee: 35,
  net: 965,
  ...overrides,
});

test.each([
  [1000, 35],
  [100, 22], // 1.5 rounds to the even 2
  [300, 24], // 4.5 rounds to the even 4
  [33, 20], // 0.495
  [34, 21], // 0.51
  [0, 20],
  [99_999_999_999, 1_500_000_020],
])('the fee of %i minor units is %i', (captured, fee) => {
  expect(feeMinor(captured)).toBe(fee);
});

test('the fee is never half a unit away from 1.5 %, and ties go to the even unit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999_999_999 }), (captured) => {
      const variable = BigInt(feeMinor(captured) - 20);
      const distance = BigInt(captured) * 15n - variable * 1000n;
      const isTie = distance === 500n || distance === -500n;
      expect(distance >= -500n && distance <= 500n && (!isTie || variable % 2n === 0n)).toBe(true);
    }),
  );
});

test('totals are the sums of their rows, per currency', () => {
  const row = fc.record({
    currency: fc.constantFrom('GBP', 'EUR'),
    gross: fc.integer(),
    fee: fc.integer(),
    net: fc.integer(),
  });
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const totals = new Map<string, SettlementTotals>();
      for (const each of rows) addToTotals(totals, aRow(each));
      for (const [currency, total] of totals) {
        const own = rows.filter((each) => each.currency === currency);
        expect(total.charges).toBe(own.length);
        expect(total.gross).toBe(own.reduce((sum, each) => sum + each.gross, 0));
        expect(total.net).toBe(own.reduce((sum, each) => sum + each.net, 0));
      }
    }),
  );
});

test('a field with commas, quotes or line ends stays one field', () => {
  const [, line] = [...settlementCsv([aRow({ orderId: 'a,"b"\nc' })])];
  expect(line).toBe('charge,ch_1,ch_1,"a,""b""\nc",1,2026-01-31T12:00:00.000Z,GBP,1000,35,965\r\n');
});

test('a day on which nothing happened has a head and no totals', () => {
  expect([...settlementCsv([])].join('')).toBe(
    'type,id,charge,orderId,attemptId,settledAt,currency,gross,fee,net\r\n',
  );
  expect(JSON.parse([...settlementJson([], '2026-01-31', true)].join(''))).toEqual({
    date: '2026-01-31',
    complete: true,
    rows: [],
    totals: [],
  });
});

test('the JSON form carries the same rows and totals', () => {
  const rows = [aRow(), aRow({ type: 'refund', id: 're_1', gross: -400, fee: 0, net: -400 })];
  const file = JSON.parse([...settlementJson(rows, '2026-01-31', false)].join(''));
  expect(file.rows).toEqual(rows);
  expect(file.totals).toEqual([
    { currency: 'GBP', charges: 1, refunds: 1, gross: 600, fee: 35, net: 565 },
  ]);
});
