/** The composed supergraph: what is planned against, what clients see, and where the subgraphs are. */
import { readFile } from 'node:fs/promises';
import {
  ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  Supergraph as FederationSupergraph,
  type Schema,
} from '@apollo/federation-internals';
import { ConfigurationError } from '@ordergraph/platform/config.ts';
import type { GraphQLSchema } from 'graphql';

export type Subgraph = { readonly name: string; readonly url: URL };

export type Supergraph = {
  /** As it was composed. */
  readonly sdl: string;
  readonly federation: FederationSupergraph;
  /** The clients' schema in the planner's form and in graphql-js's. */
  readonly api: Schema;
  readonly apiSchema: GraphQLSchema;
  /** With the join directives: what the stock executor wants. */
  readonly schema: GraphQLSchema;
  readonly subgraphs: readonly Subgraph[];
};

/** The text of a composed supergraph. @throws ConfigurationError if the file cannot be read */
export function readSupergraph(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => {
    throw new ConfigurationError([`SUPERGRAPH_FILE: cannot be read`]);
  });
}

/**
 * Reads a composed supergraph.
 * @param overrides addresses by the subgraph's name, in place of those in the text
 * @throws ConfigurationError if an address is missing; Error if it is no supergraph
 */
export function buildSupergraph(
  sdl: string,
  overrides: Readonly<Record<string, string>>,
): Supergraph {
  const federation = FederationSupergraph.build(sdl, {
    supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  });
  const api = federation.apiSchema();
  return {
    sdl,
    federation,
    api,
    apiSchema: api.toGraphQLJSSchema(),
    schema: federation.schema.toGraphQLJSSchema(),
    subgraphs: addresses(federation.subgraphsMetadata(), overrides),
  };
}

function addresses(
  composed: readonly { name: string; url: string }[],
  overrides: Readonly<Record<string, string>>,
): readonly Subgraph[] {
  const names = new Set(composed.map(({ name }) => name));
  const unknown = Object.keys(overrides).filter((name) => !names.has(name));
  const missing = composed.filter(({ name, url }) => !URL.canParse(overrides[name] ?? url));
  const faults = [
    ...unknown.map((name) => `SUBGRAPH_URLS: the supergraph has no subgraph "${name}"`),
    ...missing.map(({ name }) => `SUBGRAPH_URLS: no address for the subgraph "${name}"`),
  ];
  if (faults.length > 0) throw new ConfigurationError(faults);
  return composed.map(({ name, url }) => ({ name, url: new URL(overrides[name] ?? url) }));
}
