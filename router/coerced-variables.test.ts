import { buildSchema, getOperationAST, getVariableValues, parse } from 'graphql';
import { expect, test } from 'vitest';
import { coercedVariables } from './coerced-variables.ts';
import { RequestRefused } from './errors.ts';

const schema = buildSchema(`
  scalar Any
  enum Color { RED GREEN }
  input Filter { color: Color! = RED  limit: Int = 3  tags: [String!]  inner: Filter  any: Any }
  input One @oneOf { a: Int  b: String }
  type Query { find(filter: Filter, one: One, ids: [ID!]!, n: Int): Int }
`);

function operation(definitions: string) {
  const node = getOperationAST(parse(`query (${definitions}) { find(ids: []) }`));
  if (!node) throw new Error('the document has an operation');
  return node;
}

function refusalOf(definitions: string, given: Record<string, unknown>) {
  try {
    coercedVariables(operation(definitions), given, { schema, suggestions: false });
  } catch (error) {
    if (error instanceof RequestRefused) return error.errors;
    throw error;
  }
  return [];
}

test.each([
  ['$f: Filter', {}],
  ['$f: Filter', { f: null }],
  ['$f: Filter = {limit: 5}', {}],
  ['$f: Filter = {limit: 5}', { f: null }],
  ['$f: Filter!', { f: { inner: { color: 'GREEN' }, tags: 'one' } }],
  ['$f: Filter', { f: { any: { deep: [1, { x: null }] } } }],
  ['$one: One', { one: { a: 1 } }],
  ['$ids: [ID!]!, $n: Int', { ids: [1, 'b'] }],
  ['$ids: [ID!]! = ["x"], $n: Int = 7', { n: null, unknown: 1 }],
])('%s given %j becomes what the library makes of it', (definitions, given) => {
  const node = operation(definitions);
  const theirs = getVariableValues(schema, node.variableDefinitions ?? [], given);
  expect(theirs.errors).toBeUndefined();
  expect(coercedVariables(node, given, { schema, suggestions: false })).toEqual(theirs.coerced);
});

test.each([
  ['$f: Filter!', {}],
  ['$f: Filter!', { f: null }],
  ['$f: Filter', { f: 5 }],
  ['$f: Filter', { f: { color: 'RE' } }],
  ['$f: Filter', { f: { limits: 1, colour: 1 } }],
  ['$f: Filter', { f: { inner: { tags: [null] } } }],
  ['$one: One', { one: { a: 1, b: 'x' } }],
  ['$one: One', { one: {} }],
  ['$ids: [ID!]!', { ids: [{}, 1.5] }],
  ['$n: Int, $ids: [ID!]!', { n: 2 ** 31 }],
])('%s given %j is refused for as many faults as the library finds', (definitions, given) => {
  const theirs = getVariableValues(schema, operation(definitions).variableDefinitions ?? [], given);
  const ours = refusalOf(definitions, given);
  expect(ours).toHaveLength(theirs.errors?.length ?? 0);
  expect(new Set(ours.map(({ extensions }) => extensions?.['code']))).toEqual(
    new Set(['BAD_USER_INPUT']),
  );
  expect(JSON.stringify(ours)).not.toMatch(/did you mean/i);
});

test.each([
  [
    'fields that are none',
    Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`k${i}`, i])),
  ],
  ['a name without end', { ['x'.repeat(100_000)]: 1 }],
  ['a text without end', { limit: 'x'.repeat(100_000) }],
  ['a list that is none', { limit: Array.from({ length: 100_000 }, () => 1) }],
])('%s are refused by a few short messages', (_what, f) => {
  const errors = refusalOf('$f: Filter', { f });
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.length).toBeLessThanOrEqual(10);
  for (const { message } of errors) expect(message.length).toBeLessThan(600);
});

test('outside production a message may say what was meant', () => {
  expect(() =>
    coercedVariables(operation('$f: Filter'), { f: { limits: 1 } }, { schema, suggestions: true }),
  ).toThrow(/Did you mean "limit"/);
});
