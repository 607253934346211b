/** Runs an operation by our executor, by the stock one and without any, and compares what comes of it. */
import { createLogger } from '@ordergraph/platform/logger.ts';
import {
  getOperationAST,
  getVariableValues,
  print,
  type DocumentNode,
  type GraphQLFormattedError,
} from 'graphql';
import { publicError } from '@ordergraph/platform/errors.ts';
import { createOwnExecutor } from '../../execution/own-executor.ts';
import type { Executor } from '../../executor.ts';
import { createGatewayExecutor } from '../../gateway-executor.ts';
import { anonymousCaller } from '../../identity.ts';
import type { PlannedOperation } from '../../operations.ts';
import { createPlanBuilding, type BuildPlan } from '../../planning/plan-building.ts';
import { specialisedOperation } from '../../planning/specialised-operation.ts';
import type { QueryPlan } from '../../planning/planner.ts';
import type { RequestContext, Variables } from '../../request.ts';
import { buildSupergraph, type Supergraph } from '../../supergraph.ts';
import type { CountedClient, Fault, FederationServices } from './services.ts';
import { newWorld } from './world.ts';

export type Answer = { readonly data: unknown; readonly errors: readonly GraphQLFormattedError[] };

export type Routed = Answer & {
  readonly plan: QueryPlan;
  /** The bodies of the requests that subgraphs got, by their names. */
  readonly requests: ReadonlyMap<string, readonly string[]>;
};

export type Asked = {
  readonly text: string;
  readonly document: DocumentNode;
  readonly variables: Variables;
};

export type Faults = ReadonlyMap<string, Fault>;
type Answering = (asked: Asked, faults?: Faults) => Promise<Routed>;

export type Comparison = {
  readonly supergraph: Supergraph;
  readonly own: Answering;
  /** Our executor on a plan for all values of conditions, as operations with many of them get it. */
  readonly ownGeneral: Answering;
  readonly stock: Answering;
};

/** One way to an answer. */
type Way = {
  readonly build: BuildPlan;
  readonly executor: (clients: readonly CountedClient[]) => Executor;
  readonly specialise: boolean;
};

export function createComparison(services: FederationServices): Comparison {
  const supergraph = buildSupergraph(services.supergraphSdl, {});
  const logger = createLogger('comparison', 'silent');
  const own: Way = {
    build: createPlanBuilding(supergraph.sdl, false),
    executor: (subgraphs) => createOwnExecutor({ supergraph, subgraphs, logger }),
    specialise: true,
  };
  const stock: Way = {
    build: createPlanBuilding(supergraph.sdl, true),
    executor: (subgraphs) => createGatewayExecutor({ supergraph, subgraphs, logger }),
    specialise: false,
  };
  const by =
    (way: Way): Answering =>
    async (asked, faults) => {
      const clients = services.clients(newWorld(false), faults);
      const operation = planned(asked, supergraph, way);
      const { data, errors } = await way.executor(clients).execute({
        operation,
        variables: coerced(operation, asked.variables, supergraph),
        context: context(),
      });
      return {
        data: JSON.parse(data ?? 'null'),
        errors,
        plan: operation.plan,
        requests: new Map(clients.map(({ name, requests }) => [name, requests])),
      };
    };
  return {
    supergraph,
    own: by(own),
    ownGeneral: by({ ...own, specialise: false }),
    stock: by(stock),
  };
}

function planned(
  asked: Asked,
  supergraph: Supergraph,
  { build, specialise }: Way,
): PlannedOperation {
  const node = getOperationAST(asked.document);
  if (!node) throw new Error('one operation is asked for');
  const valid = { document: asked.document, operation: node };
  const special = specialise
    ? specialisedOperation(valid, supergraph.apiSchema, asked.variables)
    : valid;
  return {
    name: node.name?.value,
    type: node.operation,
    document: asked.document,
    node,
    stream: undefined,
    plan: build(print(special.document), node.name?.value),
  };
}

function coerced({ node }: PlannedOperation, given: Variables, supergraph: Supergraph): Variables {
  const { coerced: values, errors } = getVariableValues(
    supergraph.apiSchema,
    node.variableDefinitions ?? [],
    given,
  );
  if (!values) throw new Error(errors?.map(String).join('\n'));
  return values;
}

function context(): RequestContext {
  return {
    caller: anonymousCaller,
    trace: { traceId: '0'.repeat(32), flags: '00' },
    deadlineMs: Date.now() + 60_000,
    signal: undefined,
  };
}

/**
 * Where an answer is null because of an error: for each error the last place on its path that the answer has. That is
 * what a client can see, whichever of several errors that made the same place null were found.
 */
export function nullsByErrors({ data, errors }: Answer): readonly string[] {
  return [
    ...new Set(errors.map(({ path = [] }) => JSON.stringify(existing(path, data)))),
  ].toSorted();
}

function existing(path: readonly (string | number)[], data: unknown): readonly (string | number)[] {
  let value = data;
  for (const [i, element] of path.entries()) {
    if (typeof value !== 'object' || value === null) return path.slice(0, i);
    value = Object.entries(value).find(([key]) => key === String(element))?.[1];
  }
  return path;
}

/** Codes by the place that is null, for places with one error. */
export function codesByPlace(answer: Answer): ReadonlyMap<string, unknown> {
  const codes = new Map<string, unknown[]>();
  for (const error of answer.errors) {
    const place = JSON.stringify(existing(error.path ?? [], answer.data));
    codes.set(place, [...(codes.get(place) ?? []), error.extensions?.['code']]);
  }
  return new Map(
    [...codes].filter(([, all]) => all.length === 1).map(([place, [code]]) => [place, code]),
  );
}

export function publicAnswer(answer: {
  data?: unknown;
  errors?: readonly { toJSON(): GraphQLFormattedError }[];
}): Answer {
  return {
    data: JSON.parse(JSON.stringify(answer.data ?? null)),
    errors: (answer.errors ?? []).map((error) => publicError(error.toJSON())),
  };
}
