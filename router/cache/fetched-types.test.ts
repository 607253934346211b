/** What a fetch can bring, and what a mutation may change, by the schema alone. */
import { composeServices } from '@apollo/composition';
import { Kind, parse, type SelectionSetNode } from 'graphql';
import { expect, test } from 'vitest';
import { schemaRights } from '../rights/schema-rights.ts';
import { buildSupergraph } from '../supergraph.ts';
import { ChangingTypes } from './changing-types.ts';
import { fetchedTypes } from './fetched-types.ts';

const sdl = `
  extend schema @link(
    url: "https://specs.apollo.dev/federation/v2.9"
    import: ["@key", "@authenticated", "@requiresScopes", "@policy"]
  )
  type Query {
    product: Product
    banner: Banner
    found: [Found!]
    things: [Thing]
    secret: String @authenticated
  }
  type Mutation { buy: Bought  paint: Banner  rename: Renamed  tidy: Boolean  any: Found }
  type Product @key(fields: "sku") {
    sku: ID!  price: Money!  shop: Shop  cost: Int @requiresScopes(scopes: [["cost"]])
  }
  type Shop @key(fields: "id") { id: ID!  products: [Product!]! }
  type Money { amount: Int! }
  type Banner { text: String  money: Money }
  type Vault @policy(policies: [["staff"]]) { gold: Int }
  union Found = Product | Banner
  interface Thing { name: String  cost: Int }
  type Chair implements Thing { name: String  cost: Int @authenticated }
  type Table implements Thing { name: String  cost: Int  vault: Vault }
  type Order @key(fields: "id") { id: ID!  products: [Product!]! }
  type Bought { order: Order  problems: [Problem!]! }
  type Problem { expected: Money }
  type Renamed { was: Was }
  type Was { product: Product }
`;
const composed = composeServices([{ name: 'a', url: 'http://a', typeDefs: parse(sdl) }]);
const supergraph = buildSupergraph(composed.supergraphSdl ?? '', {});
const source = {
  schema: supergraph.schema,
  rights: schemaRights(supergraph.federation.schema),
};

function selection(text: string): SelectionSetNode {
  const [definition] = parse(text).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
  return definition.selectionSet;
}

test.each([
  ['{ product { sku } }', ['Product']],
  ['{ product { price { amount } shop { products { sku } } } }', ['Product', 'Money', 'Shop']],
  ['{ found { __typename } }', ['Product', 'Banner']],
  ['{ things { name } }', ['Chair', 'Table']],
  ['{ found { ... on Banner { money { amount } } } }', ['Product', 'Banner', 'Money']],
  ['{ __typename }', []],
  ['{ _entities(representations: []) { ... on Product { price { amount } } } }', ['Money']],
  ['{ _entities(representations: []) { ... on Shop { products { sku } } } }', ['Product']],
])('%s can bring %j', (text, types) => {
  const { isOpen, types: found } = fetchedTypes(selection(text), source);
  expect({ isOpen, found: [...found].toSorted() }).toEqual({
    isOpen: true,
    found: types.toSorted(),
  });
});

test.each([
  ['{ secret }'],
  ['{ product { cost } }'],
  ['{ things { cost } }'],
  ['{ things { ... on Table { vault { gold } } } }'],
  ['{ _entities(representations: []) { ... on Product { cost } } }'],
  ['{ _entities(representations: []) { ... on Vault { gold } } }'],
  ['{ unheard }'],
  ['{ product { unheard } }'],
  ['{ product { ... on Unheard { sku } } }'],
  ['{ _entities(representations: []) { sku } }'],
])('%s is not open to everybody, or not understood', (text) => {
  expect(fetchedTypes(selection(text), source).isOpen).toBe(false);
});

test.each([
  // An order is not the products in it, and money changes with what it is part of.
  ['buy', ['Order']],
  ['paint', ['Banner']],
  ['rename', ['Product']],
  ['any', ['Product', 'Banner']],
  ['tidy', []],
  ['unheard', []],
])('the mutation "%s" may change %j', (field, types) => {
  const changing = new ChangingTypes(supergraph, []);
  expect([...changing.changedBy(field)].toSorted()).toEqual(types.toSorted());
});

test('changes are told of entities, of what can be asked for by itself, and of what events name', () => {
  const changing = new ChangingTypes(supergraph, ['Vault']);
  for (const type of ['Product', 'Shop', 'Order', 'Banner', 'Chair', 'Table', 'Vault']) {
    expect({ type, told: changing.has(type) }).toEqual({ type, told: true });
  }
  for (const type of ['Money', 'Problem', 'Bought']) {
    expect({ type, told: changing.has(type) }).toEqual({ type, told: false });
  }
});
