import { composeServices } from '@apollo/composition';
import type { Identity } from '@ordergraph/platform/identity.ts';
import * as fc from 'fast-check';
import {
  executeSync,
  getVariableValues,
  GraphQLError,
  Kind,
  parse,
  print,
  validate,
  type GraphQLFieldResolver,
  type GraphQLFormattedError,
  type OperationDefinitionNode,
} from 'graphql';
import { expect, test } from 'vitest';
import { RequestRefused } from '../errors.ts';
import type { ValidOperation } from '../operations.ts';
import { isRecord } from '../request.ts';
import { buildSupergraph } from '../supergraph.ts';
import { operationsOver } from '../test/federation/generated-operations.ts';
import { isSatisfied, type Policies } from './clauses.ts';
import { fieldClauses } from './field-clauses.ts';
import { createRights, type RightsOptions } from './rights.ts';
import { schemaRights } from './schema-rights.ts';

const sdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated", "@policy", { name: "@requiresScopes", as: "@needs" }])
  type Query {
    shop: Shop!
    me: User @authenticated
    report(days: Int = 7): Report! @needs(scopes: [["reports:read"], ["admin", "all"]])
    staffNote: String @policy(policies: [["staff"]])
    auditNote: String @policy(policies: [["staff", "auditor"]])
    unknownNote: String @policy(policies: [["nobody knows"]])
    node: Node
    nodes: [Node!]!
    things: [Thing]
    level: Level
    secret: String! @authenticated
  }
  type Mutation { sell(id: ID!): Shop!  close: Shop! @policy(policies: [["staff"]]) }
  type Subscription { sold: Sale!  audited: Sale! @policy(policies: [["staff"]]) }
  type Sale { cursor: String!  shop: Shop!  margin: Int @needs(scopes: [["reports:read"]]) }
  interface Node { id: ID!  name: String  note: String }
  type Shop implements Node { id: ID!  name: String  note: String  users: [User!]!  best: [User]  turnover: Int! @needs(scopes: [["reports:read"]])  level: Level }
  type User implements Node { id: ID!  name: String  note: String @authenticated  email: String! @authenticated  friends: [User!]  shop: Shop }
  type Report @authenticated { days: Int!  lines: [Line!]! }
  type Line { key: String!  shop: Shop }
  union Thing = Shop | User | Report
  enum Level @needs(scopes: [["levels"]]) { LOW HIGH }
`;

const composed = composeServices([{ name: 'all', url: 'http://all', typeDefs: parse(sdl) }]);
if (composed.errors) throw new Error(composed.errors.map(String).join('\n'));
const supergraph = buildSupergraph(composed.supergraphSdl, {});
const schema = supergraph.apiSchema;

const policies: Policies = { staff: { roles: ['staff'] }, auditor: { scopes: ['audit'] } };
const nobody: Identity = { subject: null, role: 'anonymous', scopes: [] };
const alice: Identity = { subject: 'alice', role: 'customer', scopes: [] };
const staff: Identity = { subject: 'sam', role: 'staff', scopes: ['reports:read', 'levels'] };

function rightsWith(more: Partial<RightsOptions> = {}) {
  return createRights({
    supergraph: supergraph.federation.schema,
    apiSchema: schema,
    policies,
    unauthorizedFields: 'null',
    ...more,
  });
}
const rights = rightsWith();
const demands = schemaRights(supergraph.federation.schema);

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

const shop = { __typename: 'Shop', id: 's', name: 'Lamps', note: 'n', turnover: 5, level: 'HIGH' };
const user = { __typename: 'User', id: 'u', name: 'Ada', note: 'p', email: 'ada@x.test' };
const users = [user, { ...user, id: 'v', name: 'Bob' }];
const report = {
  __typename: 'Report',
  days: 7,
  lines: [
    { key: 'a', shop },
    { key: 'b', shop: null },
  ],
};
const world = {
  shop: { ...shop, users, best: [user, null] },
  me: { ...user, friends: users, shop },
  report,
  staffNote: 'staff',
  auditNote: 'audit',
  unknownNote: 'unknown',
  node: user,
  nodes: [{ ...shop, users, best: [] }, user],
  things: [{ ...shop, users: [], best: null }, user, report, null],
  level: 'LOW',
  secret: 'x',
};

type Answer = { data: unknown; errors: readonly GraphQLFormattedError[] };
const byProperty: GraphQLFieldResolver<unknown, unknown> = (source, _args, _context, info) =>
  isRecord(source) ? source[info.fieldName] : undefined;

function executed(
  operation: Pick<ValidOperation, 'document' | 'node'>,
  variables: Readonly<Record<string, unknown>>,
  fieldResolver = byProperty,
): Answer {
  const { data = null, errors = [] } = executeSync({
    schema,
    document: operation.document,
    operationName: operation.node.name?.value ?? null,
    variableValues: variables,
    rootValue: world,
    fieldResolver,
  });
  const plain: unknown = JSON.parse(JSON.stringify(data));
  return { data: plain, errors: errors.map((error) => error.toJSON()) };
}

/** What a caller gets of an operation, run by graphql-js in place of the router's executor. */
function answer(text: string, identity: Identity, variables = {}, by = rights): Answer {
  const operation = valid(text);
  const permitted = by.permit(operation, variables, identity);
  const { data, errors } = executed(permitted.operation, variables);
  const result = { data: JSON.stringify(data), errors };
  const complete = permitted.complete?.(result) ?? result;
  return { data: JSON.parse(complete.data ?? 'null'), errors: complete.errors };
}

function refusal(attempt: () => unknown): readonly GraphQLFormattedError[] {
  try {
    attempt();
  } catch (error) {
    if (error instanceof RequestRefused) return error.errors;
    throw error;
  }
  return [];
}

const errorAt = (code: string, ...path: (string | number)[]) =>
  expect.objectContaining({ path, extensions: { code } });

test('a caller who may see everything gets the very operation that was asked for', () => {
  const operation = valid(
    '{ shop { name turnover level } me { email } report { days } staffNote }',
  );
  const permitted = rights.permit(operation, {}, staff);
  expect(permitted.operation).toBe(operation);
  expect(permitted.complete).toBeUndefined();
});

test('a nullable field that is not for the caller is null, with an error at its place', () => {
  expect(answer('{ a: me { name } shop { name level } }', nobody)).toEqual({
    data: { a: null, shop: { name: 'Lamps', level: null } },
    errors: [errorAt('UNAUTHENTICATED', 'a'), errorAt('UNAUTHENTICATED', 'shop', 'level')],
  });
  expect(answer('{ staffNote me { name } }', alice)).toEqual({
    data: { staffNote: null, me: { name: 'Ada' } },
    errors: [errorAt('FORBIDDEN', 'staffNote')],
  });
});

test('a field that may not be null takes what is around it along, up to what may be', () => {
  expect(answer('{ shop { name users { id email } } }', nobody)).toEqual({
    data: null,
    errors: [errorAt('UNAUTHENTICATED', 'shop', 'users', 0, 'email')],
  });
  expect(answer('{ shop { best { id email } } }', nobody)).toEqual({
    data: { shop: { best: [null, null] } },
    errors: [errorAt('UNAUTHENTICATED', 'shop', 'best', 0, 'email')],
  });
  expect(answer('{ secret shop { name } }', nobody)).toEqual({
    data: null,
    errors: [errorAt('UNAUTHENTICATED', 'secret')],
  });
});

test('one of several lists of scopes is enough, and all of a list are needed', () => {
  const days = (scopes: string[]) => answer('{ report { days } }', { ...alice, scopes }).data;
  expect(days(['reports:read'])).toEqual({ report: { days: 7 } });
  expect(days(['admin', 'all'])).toEqual({ report: { days: 7 } });
  expect(days(['admin'])).toBeNull();
  expect(days(['all', 'reports'])).toBeNull();
});

test('policies come from the table: by role, by scopes, and for nobody if it does not name them', () => {
  const query = '{ staffNote auditNote unknownNote }';
  expect(answer(query, { ...staff, scopes: ['audit'] }).data).toEqual({
    staffNote: 'staff',
    auditNote: 'audit',
    unknownNote: null,
  });
  expect(answer(query, staff).data).toMatchObject({ staffNote: 'staff', auditNote: null });
  expect(answer(query, { ...alice, scopes: ['audit'] }).data).toMatchObject({ auditNote: null });
  expect(rights.unknownPolicies).toEqual(['nobody knows']);
});

test('a type that demands something demands it for each field that gives it', () => {
  const scoped = { ...nobody, scopes: ['reports:read', 'levels'] };
  expect(answer('{ report { days } }', scoped).data).toBeNull();
  expect(answer('{ level shop { level } }', scoped).data).toEqual({
    level: 'LOW',
    shop: { level: 'HIGH' },
  });
  expect(answer('{ level }', staff).data).toEqual({ level: 'LOW' });
});

test('on an interface a field demands what it does of any type, within a fragment what it does of that one', () => {
  expect(answer('{ nodes { name note } }', nobody)).toEqual({
    data: {
      nodes: [
        { name: 'Lamps', note: null },
        { name: 'Ada', note: null },
      ],
    },
    errors: [
      errorAt('UNAUTHENTICATED', 'nodes', 0, 'note'),
      errorAt('UNAUTHENTICATED', 'nodes', 1, 'note'),
    ],
  });
  expect(
    answer(
      '{ nodes { ... on Shop { note ... on Node { name } } ... on User { name note } } }',
      nobody,
    ),
  ).toEqual({
    data: {
      nodes: [
        { note: 'n', name: 'Lamps' },
        { name: 'Ada', note: null },
      ],
    },
    errors: [errorAt('UNAUTHENTICATED', 'nodes', 1, 'note')],
  });
});

test('of a union, fields of a type that demands something are missing, and the type can still be told', () => {
  const query = '{ things { __typename ... on Report { days lines { key } } ... on Shop { id } } }';
  expect(answer(query, nobody)).toEqual({
    data: {
      things: [{ __typename: 'Shop', id: 's' }, { __typename: 'User' }, null, null],
    },
    errors: [errorAt('UNAUTHENTICATED', 'things', 2, 'days')],
  });
});

test('fragments are permitted like what they stand for, and empty ones vanish', () => {
  const query = `query Q { me { ...Private } shop { ...Public users { ...Private ...Public } } }
    fragment Private on User { email note } fragment Public on Node { name ...More } fragment More on Node { id }`;
  const permitted = rights.permit(valid(query), {}, nobody).operation;
  expect(print(permitted.document)).not.toMatch(/email|note|Private|\bme\b/);
  expect(validate(schema, permitted.document)).toEqual([]);
  expect(answer(query, nobody).errors).toContainEqual(errorAt('UNAUTHENTICATED', 'me'));
});

test('a field left out by @skip or @include is no error', () => {
  const query =
    'query ($no: Boolean!) { shop { name } me @include(if: $no) { name } secret @skip(if: true) }';
  expect(answer(query, nobody, { no: false })).toEqual({
    data: { shop: { name: 'Lamps' } },
    errors: [],
  });
  expect(answer(query, nobody, { no: true }).errors).toEqual([errorAt('UNAUTHENTICATED', 'me')]);
});

test('a request can be refused as a whole, with each place that is not for the caller', () => {
  const refusing = rightsWith({ unauthorizedFields: 'refuse' });
  const query = valid(
    'query ($no: Boolean = false) { shop { name users { email } } me @include(if: $no) { id } ...F } fragment F on Query { staffNote }',
  );
  expect(refusal(() => refusing.permit(query, { no: false }, nobody))).toEqual([
    errorAt('UNAUTHENTICATED', 'shop', 'users', 'email'),
    errorAt('UNAUTHENTICATED', 'staffNote'),
  ]);
  expect(refusal(() => refusing.permit(query, { no: true }, alice))).toEqual([
    errorAt('FORBIDDEN', 'staffNote'),
  ]);
  const open = valid('query ($no: Boolean = false) { shop { name } me @include(if: $no) { id } }');
  expect(refusal(() => refusing.permit(open, { no: false }, nobody))).toEqual([]);
});

test('a subscription that is not for the caller is refused; fields of its events are null', () => {
  expect(
    refusal(() => rights.permit(valid('subscription { audited { cursor } }'), {}, alice)),
  ).toEqual([errorAt('FORBIDDEN', 'audited')]);
  const { operation, complete } = rights.permit(
    valid('subscription { sold { margin cursor } }'),
    {},
    alice,
  );
  expect(print(operation.document)).not.toContain('margin');
  expect(complete?.({ data: '{"sold":{"cursor":"c"}}', errors: [] })).toEqual({
    data: '{"sold":{"margin":null,"cursor":"c"}}',
    errors: [errorAt('FORBIDDEN', 'sold', 'margin')],
  });
});

test('of a mutation only what the caller may do is done', () => {
  const { operation } = rights.permit(
    valid('mutation { close { id } sell(id: 1) { id turnover } }'),
    {},
    alice,
  );
  expect(print(operation.document).replaceAll(/\s+/g, ' ')).toBe('mutation { sell(id: 1) { id } }');
});

test('callers with the same rights share what is worked out, others do not', () => {
  const operation = valid('{ shop { name turnover } me { email } }');
  const forBob = rights.permit(operation, {}, { ...alice, subject: 'bob', scopes: ['x'] });
  expect(rights.permit(operation, {}, alice).operation).toBe(forBob.operation);
  expect(rights.permit(operation, {}, nobody).operation).not.toBe(forBob.operation);
  expect(rights.permit(operation, {}, staff).operation).toBe(operation);
});

test('a list of ten thousand does not become as many errors', () => {
  const operation = valid('{ shop { best { note } } }');
  const { complete } = rights.permit(operation, {}, nobody);
  const best = Array.from({ length: 10_000 }, () => ({ routerType: 'User' }));
  const result = complete?.({ data: JSON.stringify({ shop: { best } }), errors: [] });
  expect(result?.errors).toHaveLength(100);
  expect(result?.data).toMatch(/^\{"shop":\{"best":\[(\{"note":null\},?){10000}\]\}\}$/);
});

test("names of a client that look like ours, or like a prototype, stay the client's", () => {
  const query =
    '{ node { routerType: name routerType1: id ... on User { __proto__: note } ... on Shop { note } } }';
  const { data } = answer(query, nobody);
  expect(JSON.stringify(data)).toBe(
    '{"node":{"routerType":"Ada","routerType1":"u","__proto__":null}}',
  );
});

const identities = fc.record({
  subject: fc.constantFrom(null, 'alice'),
  role: fc.constantFrom('anonymous' as const, 'customer' as const, 'staff' as const),
  scopes: fc.subarray(['reports:read', 'admin', 'all', 'levels', 'audit']),
});

test('any answer is what graphql-js gives if the resolvers of denied fields throw, and no such resolver is called', () => {
  fc.assert(
    fc.property(operationsOver(schema), identities, ({ text, variables }, identity) => {
      const operation = valid(text);
      const coerced = getVariableValues(
        schema,
        operation.node.variableDefinitions ?? [],
        variables,
      );
      if (!coerced.coerced) throw new Error(coerced.errors?.join('; '));
      const mine = answer(text, identity, coerced.coerced);
      const denied = new Set(
        [...fieldClauses(operation.document, operation.node, { schema, rights: demands })]
          .filter(([, clauses]) => !clauses.every((one) => isSatisfied(one, identity, policies)))
          .map(([field]) => field),
      );
      const oracle = executed(operation, coerced.coerced, (source, args, context, info) => {
        if (info.fieldNodes.some((field) => denied.has(field))) throw new GraphQLError('denied');
        return byProperty(source, args, context, info);
      });
      expect(mine.data).toEqual(oracle.data);
      expect(mine.errors.length > 0).toBe(oracle.errors.length > 0);
      const seen = new Set<string>();
      executed(
        rights.permit(operation, coerced.coerced, identity).operation,
        coerced.coerced,
        (...all) => {
          seen.add(`${all[3].parentType.name}.${all[3].fieldName}`);
          return byProperty(...all);
        },
      );
      expect([...seen].filter((coordinate) => !allowed(coordinate, identity))).toEqual([]);
    }),
    { numRuns: 150 },
  );
}, 60_000);

/** The table of the schema above, by hand. */
function allowed(coordinate: string, { subject, role, scopes }: Identity): boolean {
  const has = (scope: string) => scopes.includes(scope);
  switch (coordinate) {
    case 'Query.me':
    case 'Query.secret':
    case 'User.note':
    case 'User.email':
    case 'Report.days':
    case 'Report.lines':
      return subject !== null;
    case 'Query.report':
      return subject !== null && (has('reports:read') || (has('admin') && has('all')));
    case 'Query.staffNote':
    case 'Mutation.close':
      return role === 'staff';
    case 'Query.auditNote':
      return role === 'staff' && has('audit');
    case 'Query.unknownNote':
      return false;
    case 'Shop.turnover':
      return has('reports:read');
    case 'Query.level':
    case 'Shop.level':
      return has('levels');
    default:
      return true;
  }
}
