import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCursor, encodeCursor, pageSize, toConnection } from './keyset.ts';

const refusal = expect.objectContaining({
  extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }),
});

test('a cursor gives back the key it was made of', () => {
  const part = fc.oneof(fc.string({ unit: 'binary' }), fc.integer());
  fc.assert(
    fc.property(fc.array(part), (key) => {
      expect(decodeCursor(encodeCursor(key), key.length)).toEqual(key);
    }),
  );
});

test('what is no cursor of this list is BAD_USER_INPUT and nothing worse', () => {
  for (const cursor of [
    '',
    'x',
    encodeCursor(['a']),
    Buffer.from('[1e999,{}]').toString('base64url'),
  ]) {
    expect(() => decodeCursor(cursor, 2)).toThrow(refusal);
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(() => decodeCursor(text, 7)).toThrow(refusal);
    }),
  );
});

test('a page has 1 to 100 entries, 20 unless told', () => {
  expect([pageSize(undefined), pageSize(null, 50), pageSize(1), pageSize(100)]).toEqual([
    20, 50, 1, 100,
  ]);
  for (const first of [0, -1, 101, 1.5, Number.NaN, 2 ** 31])
    expect(() => pageSize(first)).toThrow(refusal);
});

test('a connection shows the page, and one row more tells that there is more', () => {
  const page = { size: 2, continued: true, keyOf: (n: number) => [n] };
  const { nodes, edges, pageInfo } = toConnection([1, 2, 3], page);
  expect(nodes).toEqual([1, 2]);
  expect(pageInfo).toEqual({
    hasNextPage: true,
    hasPreviousPage: true,
    startCursor: edges[0]?.cursor,
    endCursor: edges[1]?.cursor,
  });
  expect(toConnection([], page).pageInfo).toMatchObject({ hasNextPage: false, endCursor: null });
});
