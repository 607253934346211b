/** The test's subgraphs in this process, and the one schema that holds what they hold together. */
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  execute,
  isInterfaceType,
  parse,
  validate,
  type DocumentNode,
  type ExecutionArgs,
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
  return countedClient(name, async (body) => {
    const failed = fault?.(body);
    return failed ?? answerOf(schema, body, { contextValue: world, fieldResolver: resolveField });
  });
}

/** A client of a schema that has resolvers. */
export function resolvedClient(name: string, schema: GraphQLSchema): CountedClient {
  return countedClient(name, (body) => answerOf(schema, body, {}));
}

function countedClient(
  name: string,
  answer: (body: string) => Promise<SubgraphAnswer>,
): CountedClient {
  const requests: string[] = [];
  return {
    name,
    requests,
    send(body) {
      requests.push(body);
      return answer(body);
    },
    ready: async () => true,
    close: async () => undefined,
  };
}

async function answerOf(
  schema: GraphQLSchema,
  body: string,
  resolving: Pick<ExecutionArgs, 'contextValue' | 'fieldResolver'>,
): Promise<SubgraphAnswer> {
  const request: unknown = JSON.parse(body);
  if (!isRecord(request)) throw new Error('a request is an object');
  const result = await execute({
    schema,
    document: validDocument(String(request['query']), schema),
    variableValues: isRecord(request['variables']) ? request['variables'] : {},
    ...resolving,
  });
  return parsedAnswer(JSON.parse(JSON.stringify(result)));
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
