import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAmount, isCurrency, minorDigits, parseMoney } from './money.ts';

const currency = fc.constantFrom('JPY', 'GBP', 'EUR', 'KWD');

test('what is written is read back, in a currency of any number of decimals', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), currency, (minor, code) => {
      const text = formatAmount({ minor, currency: code });
      // An amount is read up to 15 digits before the point, which every amount of two decimals is below.
      fc.pre((text.split('.')[0] ?? '').length <= 15);
      expect(parseMoney(text, code)).toEqual({ minor, currency: code });
    }),
  );
});

test('a decimal is read exactly, with or without its trailing zeros', () => {
  expect(parseMoney('12.5', 'GBP')).toEqual({ minor: 1250, currency: 'GBP' });
  expect(parseMoney('12.5000', 'GBP')?.minor).toBe(1250);
  expect(parseMoney('0.07', 'EUR')?.minor).toBe(7);
  expect(parseMoney('1.005', 'KWD')?.minor).toBe(1005);
  expect(parseMoney('90071992547409.91', 'GBP')?.minor).toBe(Number.MAX_SAFE_INTEGER);
  expect([minorDigits('JPY'), minorDigits('GBP'), minorDigits('KWD')]).toEqual([0, 2, 3]);
});

test.each([
  ['negative', '-1', 'GBP'],
  ['an exponent', '1e3', 'GBP'],
  ['too many decimals', '1.005', 'GBP'],
  ['decimals where there are none', '1.5', 'JPY'],
  ['beyond 2^53', '90071992547409.93', 'GBP'],
  ['too long', '1234567890123456', 'JPY'],
  ['empty', '', 'GBP'],
  ['a word', 'NaN', 'GBP'],
  ['signed', '+1', 'GBP'],
  ['spaced', ' 1', 'GBP'],
  ['a comma', '1,00', 'GBP'],
  ['other digits', '١', 'GBP'],
  ['without an integer part', '.5', 'GBP'],
  ['an unknown currency', '1', 'ZZZ'],
  ['a currency in small letters', '1', 'gbp'],
])('refuses what is %s', (_case, amount, code) => {
  expect(parseMoney(amount, code)).toBeUndefined();
});

test('any text at all is read or refused, never half read', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.double().map(String)), currency, (text, code) => {
      const money = parseMoney(text, code);
      expect(money === undefined || Number(formatAmount(money)) === Number(text)).toBe(true);
    }),
  );
  expect(isCurrency('toString')).toBe(false);
});
