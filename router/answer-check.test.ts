import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { createAnswerCheck } from './answer-check.ts';

const check = createAnswerCheck(
  buildSchema(`
    type Query { order: Order  orders: [Order!]  thing: Thing }
    type Order { id: ID!  lines: [Line]  grid: [[Line]] }
    type Line { product: Product  data: String }
    type Product { name: String }
    union Thing = Order | Other
    type Other { lines: Product }
  `),
);
const checked = (query: string, data: Record<string, unknown>, representations?: unknown) => ({
  faults: check(data, query, representations),
  data,
});

test('what has the promised form stays as it is', () => {
  const data = { orders: [{ id: '1', lines: [{ product: { name: 'a' } }, null] }] };
  const copy = structuredClone(data);
  expect(checked('{ orders { id lines { product { name } } } }', data)).toEqual({
    faults: [],
    data: copy,
  });
});

test('a wrong form is made null where it is, under its alias', () => {
  const query = '{ all: orders { lines { product { name } } grid { product { name } } } }';
  const data = { all: [{ lines: { 0: 'x' }, grid: [[{ product: 'p' }], 'row'] }, 7] };
  expect(checked(query, data)).toEqual({
    faults: [
      ['all', 0, 'lines'],
      ['all', 0, 'grid', 0, 0, 'product'],
      ['all', 0, 'grid', 1],
      ['all', 1],
    ],
    data: { all: [{ lines: null, grid: [[{ product: null }], null] }, null] },
  });
});

test('fragments of other types do not judge an object', () => {
  const query =
    '{ thing { __typename ... on Order { lines { data } } ... on Other { lines { name } } } }';
  const other = { thing: { __typename: 'Other', lines: { name: 'x' } } };
  expect(checked(query, other).faults).toEqual([]);
});

test('entities must be as many as were asked for', () => {
  const query =
    'query($representations:[_Any!]!){_entities(representations:$representations){...on Order{lines{data}}}}';
  const asked = [{ __typename: 'Order' }, { __typename: 'Order' }];
  expect(checked(query, { _entities: [{}] }, asked).faults).toBeUndefined();
  expect(checked(query, { _entities: [{}, 'x'] }, asked).faults).toBeUndefined();
  expect(checked(query, {}, asked).faults).toBeUndefined();
  expect(checked(query, { _entities: [null, { lines: 5 }] }, asked)).toEqual({
    faults: [['_entities', 1, 'lines']],
    data: { _entities: [null, { lines: null }] },
  });
});
