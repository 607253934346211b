import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linesPerOrderMax, Planner } from './plan.ts';
import { planFile, UnreadableFile } from './read-file.ts';
import type { FileLine } from './sales-lines.ts';

const sample = fileURLToPath(new URL('../../data/online-retail-sample.csv', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ordergraph-plan-'));
});
afterAll(() => rm(folder, { recursive: true }));

function line(changes: Partial<FileLine> = {}): FileLine {
  return {
    InvoiceNo: '1',
    StockCode: '85123A',
    Description: 'HEART',
    Quantity: '1',
    UnitPrice: '2.55',
    CustomerID: '17850',
    Country: 'France',
    ...changes,
  };
}

function planned(lines: readonly FileLine[], invoicesMax?: number) {
  const planner = new Planner(invoicesMax);
  for (const each of lines) if (!planner.take(each)) break;
  return planner.plan();
}

test('the sample becomes orders; every line is either in one of them or left out', async () => {
  const plan = await planFile(sample);
  const placed = plan.orders.reduce((sum, { lines }) => sum + lines.length, 0);
  const left = [...plan.leftOut.values()].reduce((sum, { lines }) => sum + lines, 0);
  expect([plan.invoicesRead, plan.orders.length, plan.linesRead]).toEqual([70, 65, 670]);
  expect(placed + left).toBe(plan.linesRead);
  expect([...plan.leftOut.keys()].toSorted()).toEqual(['cancellation', 'free', 'nonProduct']);
});

test('an invoice of more lines than an order takes is split, and loses nothing', () => {
  const plan = planned(
    Array.from({ length: 2 * linesPerOrderMax + 1 }, (_, i) => line({ Quantity: String(i + 1) })),
  );
  expect(plan.orders.map(({ key, lines }) => [key, lines.length])).toEqual([
    ['1', linesPerOrderMax],
    ['1/2', linesPerOrderMax],
    ['1/3', 1],
  ]);
  const pieces = plan.orders.flatMap(({ lines }) => lines.map(({ quantity }) => quantity));
  expect(pieces).toEqual(Array.from({ length: 501 }, (_, i) => i + 1));
});

test('a product has the name and price of most of its lines, and the stock that all orders take', () => {
  const plan = planned([
    line({ Description: 'wrong', Quantity: '2', UnitPrice: '9.99' }),
    line({ InvoiceNo: '2', Description: '', Quantity: '3' }),
    line({ InvoiceNo: '3', StockCode: '85123a', Quantity: '5' }),
    line({ InvoiceNo: '4', Quantity: '-7' }),
    line({ InvoiceNo: '5', Quantity: '1' }),
  ]);
  expect(plan.products).toEqual([
    { sku: '85123A', name: 'HEART', unitPriceMinor: 255, quantity: 11 },
  ]);
});

test('a product nobody described is called by its code', () => {
  expect(planned([line({ Description: ' ' })]).products).toMatchObject([{ name: '85123A' }]);
});

test('a limit counts invoices that have sales, and takes them whole', () => {
  const lines = [
    line({ InvoiceNo: 'C1' }),
    line({ InvoiceNo: '1' }),
    line({ InvoiceNo: '2' }),
    line({ InvoiceNo: '1' }),
    line({ InvoiceNo: '3' }),
    line({ InvoiceNo: '2' }),
  ];
  expect(planned(lines, 2).orders.map(({ key, lines: of }) => [key, of.length])).toEqual([
    ['1', 2],
    ['2', 1],
  ]);
});

test('the same orders are the same run, zipped or not; other orders are another', async () => {
  const csv = await import('node:fs/promises').then(({ readFile }) => readFile(sample));
  const zipped = join(folder, 'sample.csv.gz');
  await writeFile(zipped, gzipSync(csv));
  const plan = await planFile(sample);
  expect((await planFile(zipped)).digest).toBe(plan.digest);
  expect((await planFile(sample, 10)).digest).not.toBe(plan.digest);
  expect((await planFile(sample, 10)).digest).toBe((await planFile(zipped, 10)).digest);
});

test.each([
  ['no-such.csv', undefined, 'there is none'],
  ['header.csv', 'a,b\n1,2\n', 'lacks InvoiceNo'],
  [
    'quote.csv',
    'InvoiceNo,StockCode,Description,Quantity,UnitPrice,CustomerID,Country\n1,2,"3\n',
    'Quote',
  ],
  ['broken.csv.gz', 'not gzip', 'incorrect header check'],
])('%s is refused in words', async (name, content, words) => {
  const file = join(folder, name);
  if (content !== undefined) await writeFile(file, content);
  const refusal = await planFile(file).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(UnreadableFile);
  expect(String(refusal)).toContain(words);
});
