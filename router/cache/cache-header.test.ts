import { expect, test } from 'vitest';
import { publicForMs } from './cache-header.ts';

test.each([
  ['max-age=60, public', 60_000],
  ['public, max-age=60', 60_000],
  ['Public,MAX-AGE=1', 1_000],
  ['public, max-age=60, must-revalidate', 60_000],
  ['', undefined],
  ['public', undefined],
  ['max-age=60', undefined],
  ['max-age=60, private', undefined],
  ['public, private="x", max-age=60', undefined],
  ['public, max-age=60, no-store', undefined],
  ['public, no-cache, max-age=60', undefined],
  ['no-store', undefined],
  ['public, max-age=0', undefined],
  ['public, max-age=-1', undefined],
  ['public, max-age=1e9', undefined],
  ['public, max-age=99999999999', undefined],
  ['public, max-age=', undefined],
  ['public, s-max-age=60', undefined],
])('"%s" is for everybody for %s ms', (header, ms) => {
  expect(publicForMs({ 'cache-control': header })).toBe(ms);
});

test('whoever says nothing wants nothing kept', () => {
  expect(publicForMs({})).toBeUndefined();
});

test('the time that an answer has spent on its way counts', () => {
  expect(publicForMs({ 'cache-control': 'public, max-age=60', age: '20' })).toBe(40_000);
  expect(publicForMs({ 'cache-control': 'public, max-age=60', age: '60' })).toBeUndefined();
});

test('an answer that depends on who asked is nobody else’s, whatever it calls itself', () => {
  const varying = (vary: string | string[]) =>
    publicForMs({ 'cache-control': 'public, max-age=60', vary });
  expect(varying('Accept-Encoding, Origin')).toBe(60_000);
  expect(varying('X-Ordergraph-Identity')).toBeUndefined();
  expect(varying(['accept', '*'])).toBeUndefined();
});
