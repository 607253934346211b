import { GraphQLError, Kind } from 'graphql';
import { expect, test } from 'vitest';
import { scalars } from './scalars.ts';

test.each([
  [
    'DateTime',
    [
      '2026-11-22T17:30:00Z',
      '2026-11-22T17:30:00.123+05:30',
      '2024-02-29T00:00:00Z',
      '0001-01-01T00:00:00Z',
      '9999-12-31T23:59:59Z',
    ],
  ],
  ['Date', ['2026-11-22', '2024-02-29', '0001-01-01', '9999-12-31']],
  ['Decimal', ['0', '12.50', '-3.1', '999999999999999.9999']],
  ['CurrencyCode', ['GBP', 'JPY']],
  ['CountryCode', ['DE', 'GB', 'IE']],
] as const)('%s takes what it should', (name, values) => {
  for (const value of values) {
    expect(scalars[name].parseValue(value)).toBe(value);
    expect(scalars[name].parseLiteral({ kind: Kind.STRING, value })).toBe(value);
    expect(scalars[name].serialize(value)).toBe(value);
  }
});

test.each([
  [
    'DateTime',
    [
      '',
      '2026-11-22',
      '2026-02-30T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-11-22T17:30:00',
      '0000-01-01T00:00:00Z',
      '0001-01-01T00:00:00+01:00',
      '9999-12-31T23:59:59-00:01',
      'now',
    ],
  ],
  ['Date', ['', '0000-01-01', '2026-02-30', '2023-02-29', '22.11.2026', '2026-11-22T00:00:00Z']],
  ['Decimal', ['', '1e3', '.5', '1.', '1.23456', '1234567890123456', 'NaN', '+1', ' 1']],
  ['CurrencyCode', ['', 'gbp', 'XYZ', '£']],
  ['CountryCode', ['', 'de', 'DEU', 'QQ', '1A']],
] as const)('%s refuses what it should, with a code', (name, values) => {
  for (const value of [...values, 1, 1.5, true, null, {}, [], Number.NaN]) {
    const refusal = catching(() => scalars[name].parseValue(value));
    expect(refusal, `${name} ${JSON.stringify(value)}`).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT' },
    });
  }
  const literal = catching(() => scalars[name].parseLiteral({ kind: Kind.INT, value: '1' }));
  expect(literal).toBeInstanceOf(GraphQLError);
});

test('an instant is told in UTC', () => {
  expect(scalars.DateTime.serialize(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
});

function catching(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
