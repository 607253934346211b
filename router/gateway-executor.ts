/**
 * Runs plans with @apollo/gateway's executor, over our own calls to subgraphs. It is the yardstick for others.
 *
 * Per fetch the executor asks its data source, merges the data and maps the errors' paths through the entities. A data
 * source that throws would lose the path, so ours answers a failed call with an error for each field it would have
 * filled. Null where the schema says non-null is reported by the executor as an extension; it belongs to `errors`.
 */
import { executeQueryPlan, type GraphQLDataSource } from '@apollo/gateway';
import { publicError } from '@ordergraph/platform/errors.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { GraphQLError, Kind, type DocumentNode, type GraphQLFormattedError } from 'graphql';
import { createAnswerCheck, type AnswerCheck } from './answer-check.ts';
import { publicSubgraphError, subgraphFailure } from './errors.ts';
import type { Execution, Executor } from './executor.ts';
import { fetchedFields } from './fetch-fields.ts';
import type { Variables } from './request.ts';
import type { SubgraphAnswer, SubgraphClient } from './subgraph-requests.ts';
import type { Supergraph } from './supergraph.ts';

export type GatewayExecutorParts = {
  readonly supergraph: Supergraph;
  readonly subgraphs: readonly SubgraphClient[];
  readonly logger: Logger;
};

export function createGatewayExecutor({
  supergraph,
  subgraphs,
  logger,
}: GatewayExecutorParts): Executor {
  const check = createAnswerCheck(supergraph.schema);
  const serviceMap = Object.fromEntries(
    subgraphs.map((subgraph) => [subgraph.name, dataSource(subgraph, check)]),
  );
  return {
    async execute(execution) {
      const { operation } = execution;
      if (operation.plan.node === undefined && execution.event) throw new Error('no plan');
      const result = await executeQueryPlan(
        executable(execution),
        serviceMap,
        requestContext(execution, logger),
        {
          schema: supergraph.apiSchema,
          operation: operation.node,
          fragments: fragmentsOf(operation.document),
        },
        supergraph.schema,
        supergraph.api,
      );
      // What went wrong inside the executor is in the list as it was thrown, whatever its type says.
      const errors: readonly Error[] = [
        ...(result.errors ?? []),
        ...completionErrors(result.extensions),
      ];
      for (const error of errors) logInternal(error, logger);
      return { data: JSON.stringify(result.data ?? null), errors: errors.map(publicForm) };
    },
  };
}

/** For an event the subscription's plan becomes a sequence whose first fetch is answered by the event itself. */
function executable({ operation: { plan }, event }: Execution): typeof plan {
  const node = plan.node;
  if (!event || node?.kind !== 'Subscription') return plan;
  const nodes = node.rest ? [node.primary, node.rest] : [node.primary];
  return { kind: 'QueryPlan', node: { kind: 'Sequence', nodes } };
}

function dataSource(subgraph: SubgraphClient, check: AnswerCheck): GraphQLDataSource {
  return {
    async process({ request, context }) {
      const execution = executionIn(context);
      const query = request.query ?? '';
      const variables: Variables = request.variables ?? {};
      const { event } = execution;
      const answer =
        event?.fetch.serviceName === subgraph.name && event.fetch.operation === query
          ? event.answer
          : await subgraph.send(
              JSON.stringify({ query, operationName: request.operationName, variables }),
              execution.context,
              // As the planner prints it, an operation begins with its type.
              query.startsWith('mutation') ? 'write' : 'read',
            );
      const fetch = { subgraph: subgraph.name, query, variables };
      return answered(conforming(answer, fetch, check), fetch);
    },
  };
}

type Fetch = { readonly subgraph: string; readonly query: string; readonly variables: Variables };

/** The answer without what the schema does not allow; a failure if nothing can be made of it. */
function conforming(answer: SubgraphAnswer, fetch: Fetch, check: AnswerCheck): SubgraphAnswer {
  if (answer.kind === 'failure' || answer.data === null) return answer;
  const faults = check(answer.data, fetch.query, fetch.variables['representations']);
  if (faults === undefined) return { kind: 'failure', code: 'SERVICE_UNAVAILABLE' };
  if (faults.length === 0) return answer;
  const errors = faults.map((path) => subgraphFailure('SERVICE_UNAVAILABLE', fetch.subgraph, path));
  return { ...answer, errors: [...answer.errors, ...errors] };
}

/** An answer in the executor's form: every error has a path, also those that stand for the whole fetch. */
function answered(answer: SubgraphAnswer, { subgraph, query, variables }: Fetch) {
  if (answer.kind === 'failure') {
    const errors = fetchedFields(query, variables).map((path) =>
      subgraphFailure(answer.code, subgraph, path),
    );
    return { data: null, errors };
  }
  if (answer.errors.length === 0) return { data: answer.data };
  const errors = answer.errors.flatMap((error): GraphQLFormattedError[] => {
    if (error.path !== undefined || answer.data !== null) return [error];
    return fetchedFields(query, variables).map((path) => ({ ...error, path }));
  });
  return { data: answer.data, errors };
}

type RequestContextOfGateway = Parameters<typeof executeQueryPlan>[2];

/**
 * The executor's type asks for all that Apollo Server knows of a request; it reads only what is given here. The cast
 * is the price of using it without that server, and `executionIn` takes back what is put in here.
 */
function requestContext(execution: Execution, logger: Logger): RequestContextOfGateway {
  const context: unknown = {
    request: { variables: execution.variables },
    context: { execution },
    metrics: {},
    logger,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return context as RequestContextOfGateway;
}

function executionIn(context: Readonly<Record<string, unknown>>): Execution {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return context['execution'] as Execution;
}

function fragmentsOf(document: DocumentNode) {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return Object.fromEntries(fragments.map((node) => [node.name.value, node]));
}

function completionErrors(extensions: unknown): readonly GraphQLError[] {
  if (typeof extensions !== 'object' || extensions === null) return [];
  const violations = 'valueCompletion' in extensions ? extensions.valueCompletion : [];
  return Array.isArray(violations)
    ? violations.filter((violation) => violation instanceof GraphQLError)
    : [];
}

/** Errors from a subgraph name it; the others are the router's own and say too much. */
function publicForm(error: Error): GraphQLFormattedError {
  if (!(error instanceof GraphQLError)) return publicError({ message: 'internal' });
  const raw = error.toJSON();
  const fromSubgraph = error.extensions['serviceName'] !== undefined;
  return fromSubgraph ? publicSubgraphError(raw) : publicError({ ...raw, extensions: {} });
}

function logInternal(error: Error, logger: Logger): void {
  const { serviceName, code } = error instanceof GraphQLError ? error.extensions : {};
  if (!(error instanceof GraphQLError) || serviceName === undefined) {
    logger.error({ err: error }, 'execution failed');
  } else logger.warn({ subgraph: serviceName, code, path: error.path }, 'subgraph error');
}
