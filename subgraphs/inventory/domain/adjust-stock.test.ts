import { expect, test } from 'vitest';
import { onHandMax, refuseAdjustment } from './adjust-stock.ts';

const main = { sku: 'A', warehouse: 'main', onHand: 10, held: 3, allocated: 2 };
const north = { sku: 'A', warehouse: 'north', onHand: 7, held: 0, allocated: 0 };
const adjust = (warehouse: string, delta: number) =>
  refuseAdjustment({ sku: 'A', warehouse, delta }, [main, north]);

test('all that is free in a warehouse can be booked out, and not one more', () => {
  expect(adjust('main', -5)).toBeUndefined();
  expect(adjust('main', -6)).toMatchObject({
    code: 'INSUFFICIENT_STOCK',
    sku: 'A',
    requested: 6,
    available: 5,
  });
});

test('nothing can be booked out of a warehouse that has none', () => {
  expect(adjust('south', -1)).toMatchObject({ code: 'INSUFFICIENT_STOCK', available: 0 });
});

test('the total of all warehouses stays within what a GraphQL Int can tell', () => {
  expect(adjust('south', onHandMax - 17)).toBeUndefined();
  expect(adjust('south', onHandMax - 16)).toMatchObject({ code: 'LIMIT_EXCEEDED' });
});
