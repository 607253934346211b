/** The test's subgraphs in this process, and the one schema that holds what they hold together. */
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  execute,
  isInterfaceType,
  parse,
  validate,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { isRecord } from '../../request.ts';
import { parsedAnswer, type SubgraphAnswer, type SubgraphClient } from '../../subgraph-requests.ts';
import { subgraphSdl } from './subgraphs.ts';
import { entityFor, newWorld, resolveField, type World } from './world.ts';

/** How the subgraph answers: as it should if undefined. */
export type Fault = (body: string) => SubgraphAnswer | undefined;

export type FederationServices = {
  readonly supergraphSdl: string;
  /** Clients of the subgraphs, all of one world. */
  clients(world: World, faults?: ReadonlyMap<string, Fault>): readonly CountedClient[];
};

export type CountedClient = SubgraphClient & { readonly requests: string[] };

export function federationServices(
  sdl: Readonly<Record<string, string>> = subgraphSdl,
): FederationServices {
  const services = Object.entries(sdl).map(([name, text]) => ({
    name,
    url: `http://${name}.test/graphql`,
    typeDefs: parse(text),
  }));
  const composed = composeServices(services);
  if (composed.errors) throw new Error(composed.errors.map(String).join('\n'));
  const schemas = new Map(
    services.map(({ name, typeDefs }) => {
      const schema = buildSubgraphSchema({ typeDefs });
      resolveEntitiesAsThemselves(schema);
      return [name, schema];
    }),
  );
  return {
    supergraphSdl: composed.supergraphSdl,
    clients: (world, faults) =>
      [...schemas].map(([name, schema]) =>
        client(name, schema, { world, fault: faults?.get(name) }),
      ),
  };
}

/** A representation is all that our subgraphs need to know of an entity. */
function resolveEntitiesAsThemselves(schema: GraphQLSchema): void {
  const field = schema.getQueryType()?.getFields()['_entities'];
  if (!field) return;
  const named = isInterfaceType(schema.getType('Media')) ? entityFor : (one: unknown) => one;
  field.resolve = (_source, { representations }: { representations?: unknown }) =>
    Array.isArray(representations) ? representations.map(named) : [];
}

const documents = new WeakMap<GraphQLSchema, Map<string, DocumentNode>>();

function client(
  name: string,
  schema: GraphQLSchema,
  { world, fault }: { world: World; fault: Fault | undefined },
): CountedClient {
  const requests: string[] = [];
  return {
    name,
    requests,
    async send(body) {
      requests.push(body);
      const failed = fault?.(body);
      if (failed) return failed;
      const request: unknown = JSON.parse(body);
      if (!isRecord(request)) throw new Error('a request is an object');
      const result = await execute({
        schema,
        document: validDocument(String(request['query']), schema),
        variableValues: isRecord(request['variables']) ? request['variables'] : {},
        contextValue: world,
        fieldResolver: resolveField,
      });
      return parsedAnswer(JSON.parse(JSON.stringify(result)));
    },
    ready: async () => true,
    close: async () => undefined,
  };
}

/** @throws Error if the router's query is not valid in the subgraph */
function validDocument(query: string, schema: GraphQLSchema): DocumentNode {
  const known = documents.get(schema) ?? new Map<string, DocumentNode>();
  documents.set(schema, known);
  const document = known.get(query) ?? parse(query);
  if (!known.has(query)) {
    const [error] = validate(schema, document);
    if (error) throw new Error(`${error.message} in ${query}`);
    known.set(query, document);
  }
  return document;
}

/** Answers an operation from one schema, without any router. */
export async function wholeAnswer(
  schema: GraphQLSchema,
  document: DocumentNode,
  variableValues: Readonly<Record<string, unknown>>,
): Promise<ExecutionResult> {
  return execute({
    schema,
    document,
    variableValues,
    contextValue: newWorld(true),
    fieldResolver: resolveField,
  });
}
