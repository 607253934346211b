/** Two subgraphs that say who may ask for what, and what it costs. */
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { startSubgraph } from './subgraphs.ts';

const link = (...names: string[]) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ${JSON.stringify(names)})`;

const shopSdl = `
  ${link('@key', '@authenticated', '@requiresScopes', '@policy', '@cost', '@listSize')}
  type Query {
    shop: Shop!
    me: User @authenticated
    staffNote: String @policy(policies: [["staff"]])
    nodes: [Node!]! @listSize(assumedSize: 4)
    users(first: Int = 5): [User!]! @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false)
    page(first: Int): [User!]! @listSize(slicingArguments: ["first"])
    dear: Int @cost(weight: 50)
  }
  type Mutation { close: Shop! @policy(policies: [["staff"]])  sell(lines: [Line!]!): Int @cost(weight: 10) }
  type Subscription { sold(after: String): Sale!  audited: Sale! @policy(policies: [["staff"]]) }
  input Line { sku: ID! }
  interface Node { id: ID!  name: String }
  type Shop implements Node { id: ID!  name: String  turnover: Int! @requiresScopes(scopes: [["reports:read"]])  owner: User }
  type User implements Node @key(fields: "id") { id: ID!  name: String }
  type Sale { cursor: String!  amount: Int!  margin: Int @requiresScopes(scopes: [["reports:read"]])  buyer: User }
`;

const peopleSdl = `
  ${link('@key', '@authenticated')}
  type User @key(fields: "id") { id: ID!  email: String @authenticated  nick: String }
`;

const user = (id: string) => ({ __typename: 'User', id, name: `name-${id}` });
const shop = { __typename: 'Shop', id: 's', name: 'Lamps', turnover: 7, owner: user('o') };

export async function startGuardedSubgraphs() {
  const shopGraph = await startSubgraph('shop', shopSdl, (streams) => ({
    Query: {
      shop: () => shop,
      me: () => user('me'),
      staffNote: () => 'psst',
      nodes: () => [shop, user('n')],
      // Never more than three, whatever is asked.
      users: (_: unknown, { first }: { first: number }) =>
        Array.from({ length: Math.min(3, first) }, (_item, i) => user(String(i))),
      page: () => [],
      dear: () => 1,
    },
    Mutation: { close: () => shop, sell: () => 1 },
    Subscription: {
      sold: { subscribe: () => streams.open('sold') },
      audited: { subscribe: () => streams.open('audited') },
    },
  }));
  const people = await startSubgraph('people', peopleSdl, () => ({
    User: {
      __resolveReference: ({ id }: { id: string }) => ({
        id,
        email: `${id}@x.test`,
        nick: `nick-${id}`,
      }),
    },
  }));
  const composed = composeServices(
    [shopGraph, people].map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })),
  );
  if (composed.errors) throw new Error(composed.errors.map(String).join('\n'));
  let sales = 0;
  return {
    supergraphSdl: composed.supergraphSdl,
    /** What subgraphs were asked, as text. */
    asked: () =>
      JSON.stringify([shopGraph, people].flatMap(({ seen }) => seen.map(({ body }) => body))),
    forget: () => {
      for (const { seen } of [shopGraph, people]) seen.splice(0);
    },
    subscriptions: () => shopGraph.subscriptions(),
    sell: (field: 'sold' | 'audited' = 'sold') => {
      sales += 1;
      shopGraph.publish({
        [field]: { cursor: `c${sales}`, amount: sales, margin: 3, buyer: user(`b${sales}`) },
      });
    },
    stop: () => Promise.all([shopGraph.stop(), people.stop()]),
  };
}
