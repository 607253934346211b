import { expect, test } from 'vitest';
import { looksLikeCardNumber } from './card-number.ts';

test.each([
  '4242424242424242',
  '4242 4242 4242 4242',
  '4242-4242-4242-4242',
  'tok_4242424242424242',
  '378282246310005',
])('%s looks like a card number', (text) => {
  expect(looksLikeCardNumber(text)).toBe(true);
});

test.each([
  'tok_ok',
  '4242424242424241',
  '424242424242',
  '42424242424242424242',
  'pm_1N3T00LkdIwHu7ix',
])('%s does not', (text) => {
  expect(looksLikeCardNumber(text)).toBe(false);
});
