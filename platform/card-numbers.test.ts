import { expect, test } from 'vitest';
import { looksLikeCardNumber } from './card-numbers.ts';

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
