import { expect, test } from 'vitest';
import { faultOf } from './report.ts';

const ask = (from: string, to: string) => faultOf({ from, to, groupBy: 'DAY' });

test('a report covers one day to 367 days', () => {
  expect(ask('2026-01-01', '2026-01-01')).toBeUndefined();
  expect(ask('2024-01-01', '2025-01-01')).toBeUndefined();
});

test('a day more is refused, and so are days in the wrong order', () => {
  expect(ask('2024-01-01', '2025-01-02')).toMatchObject({ field: 'to' });
  expect(ask('2026-01-02', '2026-01-01')).toMatchObject({ field: 'from' });
});
