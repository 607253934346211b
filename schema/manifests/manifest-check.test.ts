import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { checkManifest } from './manifest-check.ts';
import type { ManifestOperation } from './manifest-file.ts';

const schema = buildSchema(`
  type Query { order(id: ID!, at: String): Order  find(by: Filter): [Order!]! }
  type Mutation { cancel(id: ID!): Order }
  interface Node { id: ID! }
  type Order implements Node { id: ID!  total: Int!  lines(first: Int = 10): [Line!]! }
  type Line { sku: ID! }
  input Filter { state: State!  word: String }
  enum State { OPEN CLOSED }
`);
const check = (...operations: ManifestOperation[]) =>
  checkManifest({ form: 'relay', operations }, { schema, parse: (text) => parse(text) });

test('an operation that is well is given with what it uses and what its variables may carry', () => {
  const text = `
    query Find($by: Filter, $n: Int) { find(by: $by) { ...O  __typename } }
    fragment O on Order { ... on Node { id } lines(first: $n) @include(if: true) { sku } }`;
  const { operations, faults } = check({ id: 'f', text });
  expect(faults).toEqual([]);
  expect(operations).toEqual([
    {
      id: 'f',
      name: 'Find',
      type: 'query',
      text,
      fields: {
        'Line.sku': 'ID!',
        'Node.id': 'ID!',
        'Order.lines': '[Line!]!',
        'Order.lines(first:)': 'Int',
        'Query.find': '[Order!]!',
        'Query.find(by:)': 'Filter',
      },
      inputs: {
        'Filter.state': 'State!',
        'Filter.word': 'String',
        'State.OPEN': 'value',
        'State.CLOSED': 'value',
      },
    },
  ]);
});

test.each([
  ['a field that is not there', '{ order(id: 1) { lines { name } } }', 'Line.name', 'name'],
  ['a field of the root', '{ orders { id } }', 'Query.orders', 'orders'],
  ['an argument that is not there', '{ order(id: 1, to: 2) { id } }', 'Query.order(to:)', 'to'],
  ['a missing argument', '{ order { id } }', 'Query.order', 'required'],
  [
    'a variable of another type',
    '($n: ID) { find { lines(first: $n) { sku } } }',
    'Order.lines(first:)',
    '$n',
  ],
  ['a value that is none', '{ find(by: { state: LOST }) { id } }', 'Query.find(by:)', 'LOST'],
  [
    'a field in a fragment',
    '{ find { ...F } } fragment F on Order { price }',
    'Order.price',
    'price',
  ],
  ['a type that is not there', '{ find { ... on Parcel { id } } }', 'Query.find', 'Parcel'],
  ['introspection', '{ __schema { types { name } } }', 'Query.__schema', 'introspection'],
])('%s is refused with its coordinate', (_what, body, field, words) => {
  const { operations, faults } = check({ id: 'q', text: `query Q ${body}` });
  expect(operations).toEqual([]);
  expect(faults).toContainEqual(expect.objectContaining({ operation: 'Q', field }));
  expect(faults.map(({ reason }) => reason).join()).toContain(words);
});

test.each([
  ['two operations', { text: 'query A { find { id } } query B { find { id } }' }, 'exactly one'],
  ['no operation', { text: 'fragment F on Order { id }' }, 'exactly one'],
  ['no name', { text: '{ find { id } }' }, 'name'],
  ['another name', { text: 'query A { find { id } }', name: 'B' }, 'called A'],
  ['another type', { text: 'query A { find { id } }', type: 'mutation' as const }, 'is a query'],
  ['no GraphQL', { text: 'query {' }, 'Syntax Error'],
  ['a text too long', { text: `query A { find { id } } #${'x'.repeat(64 * 1024)}` }, 'characters'],
  ['an id that is not the hash', { id: 'a'.repeat(64), text: 'query A { find { id } }' }, 'sha256'],
])('%s is refused', (_what, operation, reason) => {
  const { operations, faults } = check({ id: 'q', ...operation });
  expect(operations).toEqual([]);
  expect(faults).toEqual([expect.objectContaining({ reason: expect.stringContaining(reason) })]);
});

test('all faults of all operations are told together', () => {
  const { operations, faults } = check(
    { id: 'a', text: 'query A { nothing  order(id: 1) { weight } }' },
    { id: 'b', text: 'query B { find { id } }' },
    { id: 'b', text: 'query C { find { id } }' },
  );
  expect(operations.map(({ name }) => name)).toEqual(['B']);
  expect(faults.map(({ operation, field }) => [operation, field])).toEqual([
    ['A', 'Query.nothing'],
    ['A', 'Order.weight'],
    ['b', undefined],
  ]);
});
