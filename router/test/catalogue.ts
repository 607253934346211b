/**
 * A catalogue that everybody may see and orders that are somebody's, as two subgraphs on the platform's own server, so that
 * what they say of keeping is what Apollo Server makes of `@cacheControl`. What the tests change they change here.
 */
import { composeServices } from '@apollo/composition';
import { createLogger } from '@ordergraph/platform/logger.ts';
import type { SubgraphRequest } from '@ordergraph/platform/subgraph-request.ts';
import { startSubgraphServer } from '@ordergraph/platform/subgraph-server.ts';
import { createMetrics } from '@ordergraph/platform/telemetry.ts';
import { parse } from 'graphql';
import { secret } from './subgraphs.ts';

const head = `
  extend schema @link(
    url: "https://specs.apollo.dev/federation/v2.9"
    import: ["@key", "@authenticated", "@inaccessible", "@listSize", "@shareable"]
  )
  directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
    on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
  enum CacheControlScope @inaccessible { PUBLIC PRIVATE }
`;

const catalogueSdl = `${head}
  type Query {
    product(sku: ID!): Product
    products(first: Int = 20): [Product!]! @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false)
    "Good for a second."
    flash: String @cacheControl(maxAge: 1)
    "Has nothing to do with products."
    shop: String @cacheControl(maxAge: 60)
    "Everybody has another one."
    mine: String @cacheControl(maxAge: 60, scope: PRIVATE)
    "Said to be for everybody, and for members only."
    members: String @cacheControl(maxAge: 60, scope: PUBLIC) @authenticated
  }
  type Mutation { rename(sku: ID!, name: String!): Renamed! }
  type Renamed { product: Product  log: [String!]! }
  type Product @key(fields: "sku") @cacheControl(maxAge: 60) {
    sku: ID!
    name: String!
    price: Price! @cacheControl(inheritMaxAge: true)
    available: Int! @cacheControl(maxAge: 0)
    flawed: String
    note: String @authenticated
  }
  type Price { amount: Int! }
  "Of whom nobody says for how long it may be kept."
  type Member @key(fields: "id") { id: ID!  name: String }
`;

const orderSdl = `${head}
  type Query {
    orders: [Order!]!
    "Public, with products that the other subgraph knows."
    bestsellers: [Product!]! @cacheControl(maxAge: 60)
    "A product and a member."
    both: [Either!]! @cacheControl(maxAge: 60)
  }
  union Either = Product | Member
  type Order @key(fields: "id") { id: ID!  owner: String  product: Product }
  type Product @key(fields: "sku", resolvable: false) { sku: ID! }
  type Member @key(fields: "id", resolvable: false) { id: ID! }
`;

export type Catalogue = {
  readonly supergraphSdl: string;
  /** What there is: name and stock by SKU. */
  readonly products: Map<string, { name: string; available: number }>;
  /** SKUs of the orders, the same for everybody. */
  ordered: string[];
  /** Operations that the catalogue was asked to run. */
  readonly asked: () => number;
  /** SKUs that it was asked for as entities, in order. */
  readonly entities: string[];
  /** From now on it reads what there is and keeps it to itself until this is called. */
  hold(): () => void;
  /** As in the beginning, with nothing held. */
  reset(): void;
  stop(): Promise<void>;
};

export async function startCatalogue(): Promise<Catalogue> {
  const products = new Map<string, { name: string; available: number }>();
  const entities: string[] = [];
  let asked = 0;
  let held: Promise<void> | undefined;
  let letGo = (): void => undefined;
  const find = (sku: string) => {
    const product = products.get(sku);
    return product ? { __typename: 'Product', sku, ...product, price: { amount: 7 } } : null;
  };
  /** Read at once, told when it is let go. */
  const later = async <T>(value: T): Promise<T> => {
    await held;
    return value;
  };
  const catalogue = await startSubgraphServer<SubgraphRequest>({
    ...serverOf('catalogue', catalogueSdl),
    context: (request) => {
      asked += 1;
      return request;
    },
    resolvers: {
      Query: {
        product: (_: unknown, { sku }: { sku: string }) => later(find(sku)),
        products: (_: unknown, { first }: { first: number }) =>
          later([...products.keys()].slice(0, first).map(find)),
        shop: () => 'corner',
        flash: () => String(asked),
        mine: (_: unknown, _args: unknown, { identity }: SubgraphRequest) => identity.subject,
        members: (_: unknown, _args: unknown, { identity }: SubgraphRequest) =>
          `${identity.subject} ${asked}`,
      },
      Mutation: {
        rename: (_: unknown, { sku, name }: { sku: string; name: string }) => {
          products.set(sku, { available: 0, ...products.get(sku), name });
          return later({ product: find(sku), log: [] });
        },
      },
      Product: {
        __resolveReference: ({ sku }: { sku: string }) => {
          entities.push(sku);
          return later(find(sku));
        },
        flawed: ({ sku }: { sku: string }) => {
          if (sku === 'A') throw new Error('out of order');
          return 'good';
        },
        note: () => 'for members',
      },
      Member: {
        __resolveReference: (member: object) => member,
        name: ({ id }: { id: string }, _args: unknown, { identity }: SubgraphRequest) =>
          `${id} for ${identity.subject}`,
      },
    },
  });
  const world: { ordered: string[] } = { ordered: [] };
  const reset = (): void => {
    products.clear();
    products.set('A', { name: 'Apple', available: 3 });
    products.set('B', { name: 'Bread', available: 5 });
    world.ordered = ['A', 'B'];
    entities.length = 0;
    letGo();
  };
  reset();
  const order = await startSubgraphServer<SubgraphRequest>({
    ...serverOf('order', orderSdl),
    context: (request) => request,
    resolvers: {
      Query: {
        orders: (_: unknown, _args: unknown, { identity }: SubgraphRequest) =>
          world.ordered.map((sku) => ({
            id: `o-${sku}`,
            owner: identity.subject,
            product: { sku },
          })),
        both: () => [
          { __typename: 'Product', sku: 'A' },
          { __typename: 'Member', id: 'm' },
        ],
        bestsellers: () => world.ordered.map((sku) => ({ sku })),
      },
    },
  });
  const composed = composeServices([
    { name: 'catalogue', url: catalogue.url, typeDefs: parse(catalogueSdl) },
    { name: 'order', url: order.url, typeDefs: parse(orderSdl) },
  ]);
  if (composed.errors) throw new Error(composed.errors.map(String).join('\n'));
  return Object.assign(world, {
    supergraphSdl: composed.supergraphSdl,
    products,
    asked: () => asked,
    entities,
    reset,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      letGo = () => {
        held = undefined;
        resolve();
      };
      return letGo;
    },
    stop: async () => {
      await Promise.all([catalogue.stop(), order.stop()]);
    },
  });
}

function serverOf(name: string, sdl: string) {
  return {
    name,
    sdl,
    host: '127.0.0.1',
    port: 0,
    secret,
    logger: createLogger(name, 'silent'),
    metrics: createMetrics(name),
    ready: async () => undefined,
  };
}
