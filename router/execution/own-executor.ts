/** Runs plans by ourselves: fetches as few and as narrow as they can be, and the response written once. */
import { publicError } from '@ordergraph/platform/errors.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import {
  Kind,
  type FragmentDefinitionNode,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import { subgraphFailure } from '../errors.ts';
import type { Execution, Executor } from '../executor.ts';
import type { PlannedOperation } from '../operations.ts';
import { EntityKeys } from '../planning/entity-keys.ts';
import type { OperationResult } from '../result.ts';
import type { SubgraphClient } from '../subgraph-requests.ts';
import type { EntityCache } from './entity-cache.ts';
import type { ResponsePath } from './entity-targets.ts';
import type { ServiceError } from './fetch-errors.ts';
import { serviceOf } from './field-service.ts';
import { hiddenValues, type HiddenValues } from './hidden-values.ts';
import { createIntrospection, type Introspection } from './introspection.ts';
import { operationShape, type OperationShape } from './operation-shape.ts';
import { PlanRun } from './plan-run.ts';
import { preparedPlan, type PreparedPlan } from './prepared-plan.ts';
import { withinResponse } from './response-paths.ts';
import { writeResponse } from './response-writer.ts';
import { TypeConditions } from './type-conditions.ts';

export type OwnExecutorParts = {
  /** The clients' schema, and the supergraph's, whose types clients need not know. */
  readonly supergraph: {
    readonly sdl: string;
    readonly apiSchema: GraphQLSchema;
    readonly schema: GraphQLSchema;
  };
  readonly subgraphs: readonly SubgraphClient[];
  readonly logger: Logger;
  /** Entities kept between requests; undefined where none are. */
  readonly entities?: EntityCache | undefined;
};

/** What depends on the operation alone. */
type Prepared = {
  readonly plan: PreparedPlan;
  readonly shape: OperationShape;
  readonly introspection: Introspection;
  readonly begins: Map<string, string>;
};

export function createOwnExecutor(parts: OwnExecutorParts): Executor {
  const { supergraph, subgraphs, logger } = parts;
  const types = new TypeConditions(supergraph.schema);
  const hidden = hiddenValues(supergraph.apiSchema, supergraph.schema);
  const keys = new EntityKeys(supergraph.sdl);
  const clients = new Map(subgraphs.map((subgraph) => [subgraph.name, subgraph]));
  const kept = new WeakMap<PlannedOperation, Prepared>();

  const preparedFor = (operation: PlannedOperation): Prepared => {
    const known = kept.get(operation);
    if (known) return known;
    const prepared = prepare(operation, { schema: supergraph.apiSchema, hidden });
    kept.set(operation, prepared);
    return prepared;
  };

  return {
    async execute({ operation, variables, context, event }: Execution): Promise<OperationResult> {
      const { plan, shape, introspection, begins } = preparedFor(operation);
      // What a mutation has just changed is read from where it is.
      const entities = operation.type === 'query' ? parts.entities : undefined;
      const run = new PlanRun({ clients, types, keys, variables, context, begins, entities });
      if (event) {
        if (!plan.primary) throw new Error('an event needs the plan of a subscription');
        run.receive(plan.primary, event.answer);
      }
      const running = plan.step && run.run(plan.step);
      if (running) await running;
      const expected = shape.for(variables);
      if (run.errors.length > 0) logErrors(run.errors, logger);
      const errors =
        run.errors.length === 0
          ? []
          : withinResponse(
              run.errors.map(({ error }) => error),
              expected,
              run.data,
            );
      const written = writeResponse(run.data, expected, {
        errors,
        introspect: (field) => introspection(field, operation.node, variables),
        malformed: (path) => malformed(path, plan),
      });
      for (const { message, path } of written.errors) logger.error({ path }, message);
      const allErrors = [...errors, ...written.errors];
      const isPublic = operation.type === 'query' && allErrors.length === 0;
      return {
        ...written,
        errors: allErrors,
        publicForMs: isPublic ? run.publicForMs : undefined,
      };
    },
  };
}

function prepare(
  { node, document, plan }: PlannedOperation,
  clients: { readonly schema: GraphQLSchema; readonly hidden: HiddenValues },
): Prepared {
  const fragments = document.definitions.filter(
    (definition): definition is FragmentDefinitionNode =>
      definition.kind === Kind.FRAGMENT_DEFINITION,
  );
  return {
    plan: preparedPlan(plan),
    shape: operationShape(node, document, clients),
    introspection: createIntrospection(clients.schema, fragments),
    begins: new Map(),
  };
}

function malformed(path: ResponsePath, plan: PreparedPlan): GraphQLFormattedError {
  const service = serviceOf(path, plan);
  if (service !== undefined) return subgraphFailure('SERVICE_UNAVAILABLE', service, path);
  return publicError({ message: 'malformed', path });
}

/** One line for each subgraph, not for each error: a dead one would fill the log. */
function logErrors(errors: readonly ServiceError[], logger: Logger): void {
  for (const service of new Set(errors.map((one) => one.service))) {
    const own = errors.filter((one) => one.service === service);
    const { path, extensions } = own[0]?.error ?? {};
    logger.warn(
      { subgraph: service, code: extensions?.['code'], path, count: own.length },
      'subgraph errors',
    );
  }
}
