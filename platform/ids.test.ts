import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isId, newId } from './ids.ts';

test('ids are unique, name their kind, and sort by the time of their making', async () => {
  const ids = Array.from({ length: 1_000 }, () => newId('ord'));
  expect(new Set(ids).size).toBe(1_000);
  expect(ids.every((id) => isId('ord', id))).toBe(true);
  const before = newId('ord');
  await expect.poll(() => newId('ord') > before).toBe(true);
});

test('an id of one kind is none of another', () => {
  expect(isId('oln', newId('ord'))).toBe(false);
  expect(isId('ord', newId('ord').toUpperCase())).toBe(false);
  expect(isId('ord', `${newId('ord')}0`)).toBe(false);
  expect(isId('ord', newId('ord').replace(/.$/, 'u'))).toBe(false);
});

test('whatever is asked, the answer is yes or no', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `ord_${text}`),
      ),
      (text) => {
        expect(isId('ord', text)).toBe(/^ord_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(text));
      },
    ),
  );
});
