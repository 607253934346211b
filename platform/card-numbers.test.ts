import { expect, test } from 'vitest';
import { hidesCardNumber, looksLikeCardNumber, mentionsCardNumber } from './card-numbers.ts';

test.each(['4242424242424242', '4242 4242 4242 4242', '3782-822463-10005', '6304000000000000'])(
  '%s looks like a card number',
  (text) => expect(looksLikeCardNumber(text)).toBe(true),
);

test.each(['4242424242424241', '424242424242', 'tok_4242424242424242', '', '42424242424242424242'])(
  '%s does not',
  (text) => expect(looksLikeCardNumber(text)).toBe(false),
);

test('every single wrong digit is noticed', () => {
  const digits = '4242424242424242';
  for (let i = 0; i < digits.length; i += 1) {
    const other = (Number(digits[i]) + 1) % 10;
    expect(looksLikeCardNumber(digits.slice(0, i) + other + digits.slice(i + 1))).toBe(false);
  }
});

test.each([
  'charge 4242 4242 4242 4242, please',
  '(4242424242424242)',
  'first 1234567890123, then 4242-4242-4242-4242.',
])('%j mentions a card number', (text) => expect(mentionsCardNumber(text)).toBe(true));

test.each([
  '+4242424242424242',
  'tok_4242424242424242',
  '0.4242424242424242',
  'ring 4242424242424241',
  '42424242424242424242',
])('%j does not', (text) => expect(mentionsCardNumber(text)).toBe(false));

test.each([
  '4242424242424242',
  '4242 4242 4242 4242',
  '4242-4242-4242-4242',
  'tok_4242424242424242',
  '378282246310005',
])('%s hides a card number', (text) => expect(hidesCardNumber(text)).toBe(true));

test.each([
  'tok_ok',
  '4242424242424241',
  '424242424242',
  '42424242424242424242',
  'pm_1N3T00LkdIwHu7ix',
])('%s does not', (text) => expect(hidesCardNumber(text)).toBe(false));
