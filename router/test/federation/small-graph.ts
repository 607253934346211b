/** A supergraph of a few lines for one question: subgraphs with resolvers of their own, asked through our executor. */
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import { parse, validate } from 'graphql';
import { createComparison, type Routed } from './comparison.ts';
import { resolvedClient, type FederationServices } from './services.ts';

export type SmallSubgraph = {
  /** Without the line that makes it a federated one. */
  readonly sdl: string;
  readonly resolvers: GraphQLResolverMap<unknown>;
};

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key", "@shareable", "@external", "@requires", "@inaccessible", "@composeDirective"
])`;

/** @returns what answers a query that clients may ask, with the requests that it took */
export function smallGraph(
  subgraphs: Readonly<Record<string, SmallSubgraph>>,
): (text: string) => Promise<Routed> {
  const parts = Object.entries(subgraphs).map(([name, { sdl, resolvers }]) => ({
    name,
    url: `http://${name}.test/graphql`,
    typeDefs: parse(link + sdl),
    resolvers,
  }));
  const composed = composeServices(parts);
  if (composed.errors) throw new Error(composed.errors.map(String).join('\n'));
  const services: FederationServices = {
    supergraphSdl: composed.supergraphSdl,
    clients: () =>
      parts.map(({ name, typeDefs, resolvers }) =>
        resolvedClient(name, buildSubgraphSchema({ typeDefs, resolvers })),
      ),
  };
  const { own, supergraph } = createComparison(services);
  return async (text) => {
    const document = parse(text);
    const [fault] = validate(supergraph.apiSchema, document);
    if (fault) throw fault;
    return own({ text, document, variables: {} });
  };
}
