import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decidePlacement, type CatalogueEntry, type RequestedLine } from './placement.ts';

const now = new Date('2026-01-01T12:00:00Z');
const address = {
  name: 'Alice',
  line1: '1 High Street',
  line2: null,
  city: 'Leeds',
  region: null,
  postalCode: 'LS1 1AA',
  countryCode: 'GB',
  phone: null,
  email: null,
};
const catalogue = new Map<string, CatalogueEntry>(
  [
    ['TEA', 'Tea', 450, 'GBP'],
    ['CUP', 'Cup', 1_299, 'GBP'],
    ['POT', 'Pot', 2_000, 'EUR'],
  ].map(([sku, name, minor, currency]) => [
    String(sku),
    {
      sku: String(sku),
      name: String(name),
      price: { minor: Number(minor), currency: String(currency) },
    },
  ]),
);

function place(lines: readonly Partial<RequestedLine>[]) {
  let count = 0;
  return decidePlacement(
    {
      customerId: 'alice',
      lines: lines.map((line) => ({
        sku: 'TEA',
        quantity: 1,
        expectedUnitPrice: null,
        unitPrice: null,
        ...line,
      })),
      shippingAddress: address,
      payment: { channel: 'SANDBOX', token: 'tok_ok' },
    },
    catalogue,
    {
      now,
      orderId: 'ord_1',
      changeId: 'evt_1',
      newLineId: () => {
        count += 1;
        return `oln_${count}`;
      },
    },
  );
}

test('an order keeps the names and prices of its moment', () => {
  expect(place([{ quantity: 2 }, { sku: 'CUP' }])).toMatchObject({
    kind: 'accepted',
    placed: {
      order: {
        status: 'PLACED',
        version: 1,
        currency: 'GBP',
        subtotalMinor: 2_199,
        totalMinor: 2_199,
      },
      lines: [
        { id: 'oln_1', sku: 'TEA', name: 'Tea', quantity: 2, unitPriceMinor: 450, totalMinor: 900 },
        {
          id: 'oln_2',
          sku: 'CUP',
          name: 'Cup',
          quantity: 1,
          unitPriceMinor: 1_299,
          totalMinor: 1_299,
        },
      ],
      change: { id: 'evt_1', version: 1, previousStatus: null, status: 'PLACED', occurredAt: now },
    },
  });
});

test('the total is the sum of the lines, for any quantities and negotiated prices', () => {
  const line = fc.record({
    quantity: fc.integer({ min: 1, max: 100_000 }),
    unitPrice: fc.option(
      fc.record({ minor: fc.integer({ min: 0, max: 1_000_000 }), currency: fc.constant('GBP') }),
    ),
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 250 }), (lines) => {
      const decision = place(lines);
      if (decision.kind !== 'accepted') throw new Error('refused');
      const expected = lines.reduce(
        (sum, { quantity, unitPrice }) => sum + quantity * (unitPrice?.minor ?? 450),
        0,
      );
      expect(decision.placed.order.totalMinor).toBe(expected);
    }),
  );
});

test('every line at fault is named', () => {
  const wrong = { minor: 449, currency: 'GBP' };
  expect(place([{ sku: 'NONE' }, {}, { expectedUnitPrice: wrong }])).toEqual({
    kind: 'rejected',
    rejections: [
      { code: 'UNKNOWN_SKU', line: 0, sku: 'NONE' },
      {
        code: 'PRICE_CHANGED',
        line: 2,
        sku: 'TEA',
        expected: wrong,
        actual: { minor: 450, currency: 'GBP' },
      },
    ],
  });
});

test('the expected price in force is accepted', () => {
  expect(place([{ expectedUnitPrice: { minor: 450, currency: 'GBP' } }]).kind).toBe('accepted');
});

test('an order in two currencies is refused', () => {
  expect(place([{}, { sku: 'POT' }])).toEqual({
    kind: 'rejected',
    rejections: [{ code: 'MIXED_CURRENCIES', line: 1 }],
  });
});

test('a total that no number holds exactly is refused', () => {
  const unitPrice = { minor: Number.MAX_SAFE_INTEGER, currency: 'GBP' };
  expect(place([{ quantity: 2, unitPrice }])).toEqual({
    kind: 'rejected',
    rejections: [{ code: 'LIMIT_EXCEEDED' }],
  });
});
