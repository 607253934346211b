import { getIntrospectionQuery, GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { defaultLimits, parseWithin } from './limits.ts';

function codeFor(text: string, limits = defaultLimits): unknown {
  try {
    parseWithin(text, limits);
    return 'ok';
  } catch (error) {
    return error instanceof GraphQLError ? error.extensions['code'] : error;
  }
}

/** A chain of fragments, each of which spreads the next one `times`. */
function chain(levels: number, times: number): string {
  const spread = (next: number) =>
    Array.from({ length: times }, (_, i) => `a${i}: x { ...F${next} }`).join(' ');
  const fragments = Array.from(
    { length: levels },
    (_, i) => `fragment F${i} on T { ${spread(i + 1)} }`,
  );
  return `{ ...F0 } ${fragments.join(' ')} fragment F${levels} on T { id }`;
}

test('the introspection query that tools send is within the limits', () => {
  expect(codeFor(getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true }))).toBe('ok');
});

test.each([12, 18, 19])('a fragment bomb of %i levels is refused in at most 10 ms', (levels) => {
  const text = chain(levels, 2);
  codeFor(text);
  const started = performance.now();
  expect(codeFor(text)).toBe('QUERY_TOO_COMPLEX');
  expect(performance.now() - started).toBeLessThan(10);
});

test('fragments that do not multiply are not too complex', () => {
  expect(codeFor(chain(15, 1))).toBe('ok');
  expect(codeFor(chain(5, 3))).toBe('ok');
});

test('depth counts through fragments, in whatever order they are written', () => {
  const limits = { ...defaultLimits, depthMax: 5 };
  const inner = 'fragment Inner on T { c { d { e } } }';
  const shallow = `{ a { ...Inner } } ${inner}`;
  const deep = `{ a { b { x { ...Inner } } } } ${inner}`;
  const deepFirst = `${inner} { a { b { x { ...Inner } } } }`;
  expect(codeFor(shallow, limits)).toBe('ok');
  expect(codeFor(deep, limits)).toBe('QUERY_TOO_COMPLEX');
  expect(codeFor(deepFirst, limits)).toBe('QUERY_TOO_COMPLEX');
});

test('fragments in a circle are left to validation', () => {
  expect(codeFor('{ ...A } fragment A on T { a { ...B } } fragment B on T { ...A ...A }')).toBe(
    'ok',
  );
});

test('a syntax error is told as one', () => {
  expect(codeFor('{ a(')).toBe('GRAPHQL_PARSE_FAILED');
});
