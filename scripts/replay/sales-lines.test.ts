import { expect, test } from 'vitest';
import { countryCodeOf, countryNameOf } from './countries.ts';
import { classify, worthOfLeftOut, type FileLine } from './sales-lines.ts';

function line(changes: Partial<FileLine> = {}): FileLine {
  return {
    InvoiceNo: '536365',
    StockCode: '85123A',
    Description: 'WHITE HANGING HEART T-LIGHT HOLDER',
    Quantity: '6',
    UnitPrice: '2.55',
    CustomerID: '17850.0',
    Country: 'United Kingdom',
    ...changes,
  };
}

test('a line of goods at a price is a sale, in whole pence', () => {
  expect(classify(line())).toEqual({
    invoice: '536365',
    sku: '85123A',
    name: 'WHITE HANGING HEART T-LIGHT HOLDER',
    quantity: 6,
    unitPriceMinor: 255,
    customer: '17850',
    countryCode: 'GB',
  });
});

test.each([
  ['2', 200],
  ['2.5', 250],
  ['2.50', 250],
  ['0.01', 1],
  ['11062.06', 1_106_206],
  ['0.290', 29],
])('a price of %s is exactly %d pence', (UnitPrice, unitPriceMinor) => {
  expect(classify(line({ UnitPrice }))).toMatchObject({ unitPriceMinor });
});

test('codes that differ only in case are one product', () => {
  expect(classify(line({ StockCode: '85123a' }))).toMatchObject({ sku: '85123A' });
});

test.each([
  ['cancellation', { InvoiceNo: 'C536379', Quantity: '-1' }],
  ['cancellation', { InvoiceNo: 'C536379', StockCode: 'D', Quantity: '-1' }],
  ['adjustment', { InvoiceNo: 'A563185', StockCode: 'B' }],
  ['return', { Quantity: '-10' }],
  ['return', { Quantity: '0' }],
  ...'POST,D,M,m,DOT,BANK CHARGES,CRUK,AMAZONFEE,S,PADS,C2,B,gift_0001_40,'
    .split(',')
    .map((StockCode) => ['nonProduct', { StockCode }] as const),
  ['free', { UnitPrice: '0' }],
  ['free', { UnitPrice: '0.0' }],
  ['free', { UnitPrice: '-2.55' }],
  ['fractionOfPenny', { UnitPrice: '0.001' }],
  ['quantityBeyondLimit', { Quantity: '100001' }],
  ['unknownCountry', { Country: 'Atlantis' }],
  ['malformed', { Quantity: 'six' }],
  ['malformed', { Quantity: '1.5' }],
  ['malformed', { UnitPrice: '1,50' }],
  ['malformed', { UnitPrice: '1e3' }],
] as const)('left out for one reason, %s: %o', (reason, changes) => {
  expect(classify(line(changes))).toBe(reason);
});

test('products of the gift shop and party bags are goods, though their codes are no numbers', () => {
  for (const StockCode of ['DCGS0076', 'DCGSSBOY', 'DCGSSGIRL']) {
    expect(classify(line({ StockCode }))).toMatchObject({ sku: StockCode });
  }
});

test('a customer that is no number still makes an e-mail address', () => {
  expect(classify(line({ CustomerID: 'Bob & Co <x>' }))).toMatchObject({
    customer: 'Bob---Co--x-',
  });
  expect(classify(line({ CustomerID: '' }))).toMatchObject({ customer: '' });
});

test('what is left out is worth exactly what the file says, to a thousandth of a penny', () => {
  expect(worthOfLeftOut(line({ UnitPrice: '0.001', Quantity: '3' }))).toBe(300n);
  expect(worthOfLeftOut(line({ UnitPrice: '-11062.06', Quantity: '1' }))).toBe(-1_106_206_000n);
  expect(worthOfLeftOut(line({ UnitPrice: '4.25', Quantity: '-10' }))).toBe(-4_250_000n);
  expect(worthOfLeftOut(line({ UnitPrice: 'free' }))).toBe(0n);
});

test('every country of the data set has a code of its own, and the way back', () => {
  const codes = countriesOfTheDataSet.map((name) => countryCodeOf(name) ?? name);
  expect(new Set(codes).size).toBe(38);
  for (const code of codes) expect(code).toMatch(/^[A-Z]{2}$/);
  expect(codes.map(countryNameOf)).toEqual(countriesOfTheDataSet);
});

const countriesOfTheDataSet = (
  'Australia,Austria,Bahrain,Belgium,Brazil,Canada,Channel Islands,Cyprus,Czech Republic,Denmark,EIRE,' +
  'European Community,Finland,France,Germany,Greece,Hong Kong,Iceland,Israel,Italy,Japan,Lebanon,' +
  'Lithuania,Malta,Netherlands,Norway,Poland,Portugal,RSA,Saudi Arabia,Singapore,Spain,Sweden,' +
  'Switzerland,USA,United Arab Emirates,United Kingdom,Unspecified'
).split(',');
