import { expect, test } from 'vitest';
import { parsedJson } from './json-text.ts';

const nested = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`;

test.each([
  ['{}', {}],
  ['null', null],
  [`{"a":"${'['.repeat(5_000)}"}`, { a: '['.repeat(5_000) }],
  [`["\\"${'{'.repeat(5_000)}\\\\","["]`, [`"${'{'.repeat(5_000)}\\`, '[']],
  [`[${'[],'.repeat(5_000)}0]`, [...Array.from({ length: 5_000 }, () => []), 0]],
])('%.20s is read', (text, value) => {
  expect(parsedJson(text)).toEqual(value);
});

test('what is nested as deep as may be is read, and no deeper', () => {
  expect(parsedJson(nested(1_000))).toBeDefined();
  for (const text of [nested(1_001), `${nested(500_000)}\n `, `["\\"",${nested(1_000)}]`]) {
    expect(() => parsedJson(text)).toThrow('too complex');
  }
});

test.each(['', 'x', '{"a":', '['.repeat(100_000), `["${'x'.repeat(2_000)}`, `${nested(10)}]`])(
  '%.20s is no JSON',
  (text) => {
    expect(parsedJson(text)).toBeUndefined();
  },
);
