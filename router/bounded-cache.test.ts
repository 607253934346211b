import { expect, test } from 'vitest';
import { BoundedCache } from './bounded-cache.ts';

test('what was not used for longest goes first', () => {
  const cache = new BoundedCache<number>(2, 100);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.get('a');
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
});

test('weight is bounded too, and one too heavy is not kept', () => {
  const cache = new BoundedCache<number>(10, 10);
  cache.set('aaaa', 1);
  cache.set('bbbb', 2);
  cache.set('cccc', 3);
  cache.set('d'.repeat(11), 4);
  cache.set('cccc', 5);
  expect([cache.get('aaaa'), cache.get('bbbb'), cache.get('cccc'), cache.size]).toEqual([
    undefined,
    2,
    5,
    2,
  ]);
});
