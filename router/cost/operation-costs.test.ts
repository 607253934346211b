import { composeServices } from '@apollo/composition';
import * as fc from 'fast-check';
import {
  getNamedType,
  getNullableType,
  getVariableValues,
  GraphQLError,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  parse,
  validate,
  valueFromAST,
  type FieldNode,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { expect, test } from 'vitest';
import { collectedFields } from '../collected-fields.ts';
import { fragmentsOf } from '../fragments.ts';
import type { ValidOperation } from '../operations.ts';
import { isRecord, type Variables } from '../request.ts';
import { buildSupergraph } from '../supergraph.ts';
import { operationsOver } from '../test/federation/generated-operations.ts';
import { createOperationCosts } from './operation-costs.ts';

const sdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{ name: "@cost", as: "@price" }, "@listSize"])
  type Query {
    users(max: Int): [User] @listSize(slicingArguments: ["max"])
    page(first: Int = 2, after: String): Page! @listSize(slicingArguments: ["first"], sizedFields: ["nodes", "edges"])
    either(first: Int, last: Int): [User!]! @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false, assumedSize: 4)
    found(filter: Filter): [Thing!] @listSize(assumedSize: 3, requireOneSlicingArgument: false)
    top: [User!]! @listSize(assumedSize: 3)
    grid: [[Cell]]
    node: Node
    hex: [Color!]! @listSize(assumedSize: 5)
    dear(a: Int @price(weight: 7)): Int @price(weight: 20)
  }
  type Mutation { sell(input: SellInput!): User @price(weight: 10) }
  type Subscription { sold: User! @price(weight: 5) }
  type User implements Node { id: ID!  name: String  age: Int @price(weight: 2)  friends(max: Int = 2): [User] @listSize(slicingArguments: ["max"])  pet: Pet }
  type Pet implements Node @price(weight: 6) { id: ID!  name: String  owner: User  mates: [Pet!] }
  type Cell { color: Color  user: User }
  type Page { nodes: [User!]!  edges: [Edge]  total: Int @price(weight: 3) }
  type Edge { node: Node }
  interface Node { id: ID!  name: String }
  union Thing = User | Pet | Cell
  scalar Color @price(weight: 2)
  input Filter { page: PageInput  tags: [String!] }
  input PageInput { max: Int  deep: PageInput }
  input SellInput { lines: [Line!]!  note: String @price(weight: 3) }
  input Line { sku: ID! @price(weight: 1)  count: Int = 1 }
`;

const composed = composeServices([{ name: 'all', url: 'http://all', typeDefs: parse(sdl) }]);
if (composed.errors) throw new Error(composed.errors.map(String).join('\n'));
// Apollo's composition knows no slicing arguments inside of others; the specification does, and other compositions may.
const nested = composed.supergraphSdl.replace(
  /(found\(filter: Filter\).*@listSize\()/,
  '$1slicingArguments: ["filter.page.max"], ',
);
const { federation, apiSchema: schema } = buildSupergraph(nested, {});
const listSizeAssumed = 3;
const costs = createOperationCosts({
  supergraph: federation.schema,
  apiSchema: schema,
  listSizeAssumed,
});

function valid(text: string): ValidOperation {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  const node = document.definitions.find(
    (definition): definition is OperationDefinitionNode =>
      definition.kind === Kind.OPERATION_DEFINITION,
  );
  if (!node) throw new Error('no operation');
  return { name: node.name?.value, type: node.operation, document, node, stream: undefined };
}

function coerced({ node }: ValidOperation, given: Variables): Variables {
  const result = getVariableValues(schema, node.variableDefinitions ?? [], given);
  if (!result.coerced) throw new Error(result.errors?.join('; '));
  return result.coerced;
}

function estimate(text: string, variables: Variables = {}): number | string {
  const operation = valid(text);
  try {
    return costs.estimate(operation, coerced(operation, variables));
  } catch (error) {
    if (error instanceof GraphQLError)
      return `${String(error.extensions['code'])}: ${error.message}`;
    throw error;
  }
}

test('objects cost by their types, fields by their calls, as often as lists are long', () => {
  // Query 1, users 1, five users of 1 each with an age of 2.
  expect(estimate('{ users(max: 5) { age } }')).toBe(1 + 1 + 5 * (1 + 2));
  expect(estimate('query ($n: Int) { users(max: $n) { id } }', { n: 7 })).toBe(9);
  expect(estimate('{ node { id } }')).toBe(1 + 1 + 6);
  expect(estimate('{ dear }')).toBe(21);
  expect(estimate('{ dear(a: 1) }')).toBe(28);
  expect(estimate('{ __typename }')).toBe(1);
});

test('a list is as long as its slicing argument says, its default, its assumed size, or the usual', () => {
  expect(estimate('{ users(max: 0) { age } }')).toBe(2);
  expect(estimate('{ users(max: -3) { age } }')).toBe(2);
  expect(estimate('{ users(max: 1) { friends { id } } }')).toBe(2 + 1 + 1 + 2);
  expect(estimate('{ either { id } }')).toBe(2 + 4);
  expect(estimate('{ either(last: 2) { id } }')).toBe(2 + 2);
  expect(estimate('{ either(first: 6, last: 2) { id } }')).toBe(2 + 6);
  expect(estimate('{ top { id } }')).toBe(2 + 3);
  expect(estimate('{ grid { user { id } } }')).toBe(2 + 9 * (1 + 2));
});

test('a connection gives its length to the fields it names, and to those only', () => {
  expect(estimate('{ page { total nodes { id } edges { node { id } } } }')).toBe(
    2 + 1 + 3 + (1 + 2) + (1 + 2 * (1 + 1 + 6)),
  );
  expect(estimate('{ page(first: 50) { nodes { friends { id } } } }')).toBe(
    2 + 1 + 1 + 50 * (1 + 1 + 2),
  );
});

test('slicing arguments may be inside of input objects', () => {
  expect(estimate('{ found(filter: { page: { max: 4 } }) { ... on User { id } } }')).toBe(
    1 + 1 + 2 + 4 * 6,
  );
  const query = 'query ($f: Filter) { found(filter: $f) { ... on User { id } } }';
  expect(estimate(query, { f: { page: { max: 1 } } })).toBe(1 + 1 + 2 + 6);
  expect(estimate(query, {})).toBe(1 + 1 + 3 * 6);
});

test('where one slicing argument is needed, none and two are refused', () => {
  const none = 'BAD_USER_INPUT: The field "users" needs exactly one of the arguments "max".';
  expect(estimate('{ users { id } }')).toBe(none);
  expect(estimate('query ($n: Int) { users(max: $n) { id } }', {})).toBe(none);
  expect(estimate('query ($n: Int) { users(max: $n) { id } }', { n: null })).toBe(none);
  expect(estimate('{ page { total } }')).toBe(1 + 1 + 1 + 3);
});

test('of the types that an object may be of the dearest counts', () => {
  expect(
    estimate('{ node { ... on User { age friends(max: 5) { id } } ... on Pet { name } } }'),
  ).toBe(1 + 1 + Math.max(1 + 2 + 1 + 5, 6));
  expect(estimate('{ found { ... on Cell { user { id } } ... on Node { id } } }')).toBe(
    1 + 1 + 3 * Math.max(1 + 2, 6),
  );
});

test('a field that is selected twice is one', () => {
  expect(estimate('{ ...F top { id } top { name } } fragment F on Query { top { age } }')).toBe(
    2 + 3 * (1 + 2),
  );
});

test('what is left out costs nothing', () => {
  const query = 'query ($with: Boolean!) { top { id @skip(if: true) age @include(if: $with) } }';
  expect(estimate(query, { with: true })).toBe(2 + 3 * 3);
  expect(estimate(query, { with: false })).toBe(2 + 3);
});

test('each item of an input list counts', () => {
  const text = 'mutation ($i: SellInput!) { sell(input: $i) { id } }';
  const lines = (count: number) => Array.from({ length: count }, () => ({ sku: 'a' }));
  expect(estimate(text, { i: { lines: lines(1) } })).toBe(1 + 10 + 1 + 1 + 2);
  expect(estimate(text, { i: { lines: lines(250), note: 'x' } })).toBe(
    1 + 10 + 1 + 1 + 3 + 250 * 2,
  );
  expect(estimate('mutation { sell(input: { lines: [{ sku: 1 }, { sku: 2 }] }) { id } }')).toBe(
    1 + 10 + 1 + 1 + 2 * 2,
  );
});

test('values of a scalar that costs something count as often as their list is long', () => {
  expect(estimate('{ hex }')).toBe(1 + 5 * 2);
  expect(estimate('{ grid { color } }')).toBe(2 + 9 * (1 + 2));
});

test('an event of a subscription costs what is selected of it', () => {
  expect(estimate('subscription { sold { age } }')).toBe(1 + 5 + 1 + 2);
});

test('nesting that stands for more than there are numbers is only very dear', () => {
  const levels = 40;
  const text = `{ users(max: 1000000) { ${'friends(max: 1000000) { '.repeat(levels)} id ${'}'.repeat(levels)} } }`;
  expect(estimate(text)).toBe(1e12);
});

test('introspection costs what is asked, not what is answered', () => {
  expect(estimate('{ __schema { types { name fields { name } } } }')).toBe(1 + 5);
});

/** Writes every list out, item by item, and tries every type that an object may be of. */
class BruteForce {
  readonly #source;
  readonly #variables: Variables;

  constructor(operation: ValidOperation, variables: Variables) {
    this.#variables = variables;
    this.#source = { schema, fragments: fragmentsOf(operation.document), variables };
  }

  object(sets: readonly SelectionSetNode[], type: GraphQLObjectType, sizes: Sizes): number {
    const fields = collectedFields(sets, type, this.#source);
    let sum = type.name === 'Pet' ? 6 : 1;
    for (const nodes of fields.values()) sum += this.#field(nodes, type, sizes);
    return sum;
  }

  #field(nodes: readonly FieldNode[], parent: GraphQLObjectType, around: Sizes): number {
    const [node] = nodes;
    const name = node?.name.value ?? '';
    if (!node || name.startsWith('__')) return 0;
    const field = parent.getFields()[name];
    if (!field) throw new Error(name);
    const coordinate = `${parent.name}.${name}`;
    const composite = isCompositeType(getNamedType(field.type));
    let sum = fieldWeights[coordinate] ?? (composite ? 1 : 0);
    const values = new Map<string, unknown>();
    for (const { name: argument, type, defaultValue } of field.args) {
      const given = node.arguments?.find((one) => one.name.value === argument);
      const value: unknown = given && valueFromAST(given.value, type, this.#variables);
      values.set(argument, value ?? defaultValue);
      sum += weigh(value, type, coordinate === 'Query.dear' ? 7 : undefined);
    }
    const inner = this.#sizes(coordinate, values);
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    return sum + this.#value(field.type, sets, { own: around.fields[name] ?? inner.own, inner });
  }

  #value(type: GraphQLOutputType, sets: readonly SelectionSetNode[], at: At): number {
    if (isNonNullType(type)) return this.#value(type.ofType, sets, at);
    if (isListType(type)) {
      let sum = 0;
      const length = at.own ?? listSizeAssumed;
      for (let i = 0; i < length; i += 1) {
        sum += this.#value(type.ofType, sets, { inner: at.inner, own: undefined });
      }
      return sum;
    }
    if (!isCompositeType(type)) return type.name === 'Color' ? 2 : 0;
    const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
    return Math.max(...possible.map((object) => this.object(sets, object, at.inner)));
  }

  #sizes(coordinate: string, values: ReadonlyMap<string, unknown>): Sizes {
    const number = (value: unknown) => (typeof value === 'number' ? value : undefined);
    const filter = values.get('filter');
    const page = isRecord(filter) && isRecord(filter['page']) ? filter['page'] : {};
    switch (coordinate) {
      case 'Query.users':
      case 'User.friends':
        return { own: number(values.get('max')), fields: {} };
      case 'Query.either': {
        const given = ['first', 'last'].flatMap((name) => number(values.get(name)) ?? []);
        return { own: given.length > 0 ? Math.max(...given) : 4, fields: {} };
      }
      case 'Query.top':
        return { own: 3, fields: {} };
      case 'Query.hex':
        return { own: 5, fields: {} };
      case 'Query.found':
        return { own: number(page['max']), fields: {} };
      case 'Query.page': {
        const first = number(values.get('first')) ?? 2;
        return { own: undefined, fields: { nodes: first, edges: first } };
      }
      default:
        return { own: undefined, fields: {} };
    }
  }
}

type Sizes = {
  readonly own: number | undefined;
  readonly fields: Readonly<Record<string, number>>;
};
type At = { readonly own: number | undefined; readonly inner: Sizes };

const fieldWeights: Readonly<Record<string, number>> = {
  'Query.dear': 20,
  'Mutation.sell': 10,
  'User.age': 2,
  'Page.total': 3,
};

function weigh(value: unknown, type: GraphQLInputType, weight: number | undefined): number {
  if (value === undefined || value === null) return 0;
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    const items: unknown[] = Array.isArray(value) ? value : [value];
    return items.reduce((sum: number, item) => sum + weigh(item, nullable.ofType, weight), 0);
  }
  if (!isInputObjectType(nullable) || !isRecord(value)) return weight ?? 0;
  const fields = Object.values(nullable.getFields());
  return fields.reduce((sum, { name, type: inner }) => {
    const own = name === 'note' ? 3 : name === 'sku' ? 1 : undefined;
    return sum + weigh(value[name], inner, own);
  }, weight ?? 1);
}

test('the estimate of any operation is what writing it out item by item comes to', () => {
  let compared = 0;
  fc.assert(
    fc.property(operationsOver(schema), ({ text, variables }) => {
      const operation = valid(text);
      const given = getVariableValues(schema, operation.node.variableDefinitions ?? [], variables);
      const type = schema.getRootType(operation.node.operation);
      // The generator knows no input objects; and a list that is not sliced as it must be has no cost.
      const values = given.coerced;
      if (!type || !values || /BAD_USER_INPUT/.test(String(estimate(text, variables)))) return;
      compared += 1;
      const sets = [operation.node.selectionSet];
      const brute = new BruteForce(operation, values).object(sets, type, {
        own: undefined,
        fields: {},
      });
      expect(costs.estimate(operation, values)).toBe(brute);
    }),
    { numRuns: 200 },
  );
  expect(compared).toBeGreaterThan(20);
}, 60_000);

test('the cost of an answer counts what is in it, each object by its kind', () => {
  const operation = valid('query ($n: Int) { users(max: $n) { age pet { name } } dear(a: $n) }');
  const fields = (selection: FieldNode): FieldNode[] =>
    (selection.selectionSet?.selections ?? []).filter((node) => node.kind === Kind.FIELD);
  const [users, dear] = operation.node.selectionSet.selections.filter(
    (node) => node.kind === Kind.FIELD,
  );
  if (!users || !dear) throw new Error('two fields');
  const pet = fields(users)[1];
  const written = (type: string, nodes: readonly FieldNode[]) =>
    nodes.map((node) => ({ coordinate: `${type}.${node.name.value}`, nodes: [node] }));
  const counts = new Map([
    [written('Query', [users, dear]), 1],
    [written('User', fields(users)), 40],
    [written('Pet', pet ? fields(pet) : []), 10],
  ]);
  // Query 1, users 1, dear 20 with an argument of 7; users 1 with an age of 2 and a pet of 1; pets 6.
  expect(costs.actual(counts, { n: 100 })).toBe(1 + 1 + 27 + 40 * (1 + 2 + 1) + 10 * 6);
  expect(costs.actual(new Map(), {})).toBe(1);
});
