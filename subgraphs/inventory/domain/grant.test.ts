import { expect, test } from 'vitest';
import { grant } from './grant.ts';
import { StockBook } from './stock-book.ts';

const level = (sku: string, warehouse: string, onHand: number) => ({
  sku,
  warehouse,
  onHand,
  held: 0,
  allocated: 0,
});
const line = (lineId: string, sku: string, quantity: number) => ({ lineId, sku, quantity });
const inCatalogue = () => true;
const isProduct = (sku: string) => sku === 'A';

test('a line comes whole from the first warehouse that has all of it', () => {
  const book = new StockBook([
    level('A', 'south', 9),
    level('A', 'main', 2),
    level('A', 'north', 9),
  ]);
  expect(grant([line('1', 'A', 5)], book, inCatalogue)).toEqual({
    kind: 'granted',
    parts: [{ lineId: '1', sku: 'A', warehouse: 'north', quantity: 5 }],
  });
});

test('a line that no warehouse can serve alone is split, the fullest first', () => {
  const book = new StockBook([
    level('A', 'main', 2),
    level('A', 'north', 4),
    level('A', 'south', 3),
  ]);
  expect(grant([line('1', 'A', 6)], book, inCatalogue)).toMatchObject({
    parts: [
      { warehouse: 'north', quantity: 4 },
      { warehouse: 'south', quantity: 2 },
    ],
  });
});

test('lines of the same product count together', () => {
  const book = new StockBook([level('A', 'main', 5)]);
  const lines = [line('1', 'A', 3), line('2', 'A', 3)];
  expect(grant(lines, book, inCatalogue)).toEqual({
    kind: 'refused',
    reason: 'INSUFFICIENT_STOCK',
    shortages: [{ sku: 'A', requested: 6, available: 5 }],
  });
});

test('one short line leaves the stock of all others free', () => {
  const book = new StockBook([level('A', 'main', 5), level('B', 'main', 1)]);
  expect(grant([line('1', 'A', 5), line('2', 'B', 2)], book, inCatalogue)).toMatchObject({
    kind: 'refused',
    shortages: [{ sku: 'B', requested: 2, available: 1 }],
  });
  expect(book.changes()).toEqual([]);
  expect(book.free('A')).toBe(5);
});

test('a product that is not in the catalogue is told from one that has no stock', () => {
  const book = new StockBook([]);
  expect(grant([line('1', 'A', 1)], book, isProduct)).toMatchObject({
    reason: 'INSUFFICIENT_STOCK',
  });
  expect(grant([line('1', 'A', 1), line('2', 'X', 1)], book, isProduct)).toMatchObject({
    reason: 'UNKNOWN_SKU',
    shortages: [
      { sku: 'A', requested: 1, available: 0 },
      { sku: 'X', requested: 1, available: 0 },
    ],
  });
});
