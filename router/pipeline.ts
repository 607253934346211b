/**
 * The one way of an operation, whatever transport it came by:
 *
 *   prepare (text, limits, validation, plan) → is this transport fit for it → coerce variables → execute or subscribe
 *
 * Rights, cost and rate limits are to stand before the last step; they will see the caller and the planned operation.
 */
import { badUserInput, fault } from '@ordergraph/platform/errors.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { getVariableValues, type FormattedExecutionResult, type GraphQLSchema } from 'graphql';
import { codeOf, refusal, RequestRefused } from './errors.ts';
import { StreamFailed } from './event-stream.ts';
import type { Executor } from './executor.ts';
import type { Operations, PlannedOperation } from './operations.ts';
import type { Caller, Delivery, OperationRequest, RequestContext, Variables } from './request.ts';
import { afterVariable } from './resumable.ts';
import type { ResultStream, Subscriptions } from './subscriptions.ts';
import type { Telemetry } from './telemetry.ts';
import type { Trace } from './trace.ts';

export type Outcome =
  | {
      readonly kind: 'refused';
      readonly errors: RequestRefused['errors'];
      /** The operation's type, if this transport or method is what does not fit it. */
      readonly unfit?: PlannedOperation['type'];
    }
  | { readonly kind: 'result'; readonly result: FormattedExecutionResult }
  | { readonly kind: 'stream'; readonly stream: ResultStream };

export type Pipeline = {
  /** Runs a request to its end, or to the begin of its stream. Never rejects. */
  run(request: OperationRequest, from: RequestOrigin, delivery: Delivery): Promise<Outcome>;
  /** Resolves when no operation is under way. Streams do not count. */
  idle(): Promise<void>;
};

export type RequestOrigin = { readonly caller: Caller; readonly trace: Trace };

export type PipelineParts = {
  readonly operations: Operations;
  readonly executor: Executor;
  readonly subscriptions: Subscriptions;
  readonly schema: GraphQLSchema;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly requestTimeoutMs: number;
  /** Whether coercion may name fields that the client did not give. */
  readonly suggestions: boolean;
};

export function createPipeline(parts: PipelineParts): Pipeline {
  const { operations, executor, subscriptions, telemetry, logger } = parts;
  const underWay = new Set<Promise<unknown>>();

  const perform = async (
    request: OperationRequest,
    from: RequestOrigin,
    delivery: Delivery,
    learn: (operation: PlannedOperation) => void,
  ): Promise<Outcome> => {
    if (from.caller.expiresAtMs !== null && from.caller.expiresAtMs <= Date.now()) {
      throw fault('TOKEN_EXPIRED', 'The token has expired.');
    }
    const operation = operations.prepare(request, delivery.lastEventId !== undefined);
    learn(operation);
    if (!delivery.operationTypes.includes(operation.type)) {
      const error = fault('BAD_REQUEST', `A ${operation.type} cannot be run this way.`);
      return { kind: 'refused', errors: [error.toJSON()], unfit: operation.type };
    }
    const variables = coerced(operation, request.variables, parts);
    const context: RequestContext = {
      ...from,
      deadlineMs: Date.now() + parts.requestTimeoutMs,
      // A mutation is finished even if nobody waits for its answer.
      signal: operation.type === 'query' ? delivery.signal : undefined,
    };
    if (operation.type !== 'subscription') {
      return { kind: 'result', result: await executor.execute({ operation, variables, context }) };
    }
    const resumed =
      delivery.lastEventId !== undefined && operation.stream?.hasAfter
        ? { ...variables, [afterVariable]: delivery.lastEventId }
        : variables;
    const stream = subscriptions.subscribe(operation, resumed, context);
    return { kind: 'stream', stream: observed(stream, delivery.transport, telemetry) };
  };

  const run: Pipeline['run'] = async (request, from, delivery) => {
    const started = performance.now();
    let known: PlannedOperation | undefined;
    const outcome = await perform(request, from, delivery, (operation) => {
      known = operation;
    }).catch((error: unknown): Outcome => ({ kind: 'refused', errors: refusal(error, logger) }));
    telemetry.request({
      transport: delivery.transport,
      trace: from.trace,
      type: known?.type ?? 'unknown',
      operationName: known?.name,
      outcome: outcomeLabel(outcome),
      seconds: (performance.now() - started) / 1000,
    });
    return outcome;
  };

  return {
    run(request, from, delivery) {
      const running = run(request, from, delivery);
      underWay.add(running);
      void running.finally(() => underWay.delete(running));
      return running;
    },
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
}

function coerced(
  { node }: PlannedOperation,
  given: Variables,
  { schema, suggestions }: PipelineParts,
): Variables {
  const result = getVariableValues(schema, node.variableDefinitions ?? [], given, {
    maxErrors: 10,
    hideSuggestions: !suggestions,
  });
  if (result.coerced) return result.coerced;
  throw new RequestRefused(result.errors?.map(({ message }) => badUserInput(message)) ?? []);
}

function outcomeLabel(outcome: Outcome): string {
  if (outcome.kind === 'refused') return codeOf(outcome.errors);
  if (outcome.kind === 'stream') return 'ok';
  const { errors } = outcome.result;
  return errors && errors.length > 0 ? codeOf(errors) : 'ok';
}

/** Counts a stream's events and its end. */
function observed(
  stream: ResultStream,
  transport: Delivery['transport'],
  telemetry: Telemetry,
): ResultStream {
  let open = true;
  const close = (outcome: string) => {
    if (open) telemetry.streamClosed(transport, outcome);
    open = false;
  };
  telemetry.streamOpened(transport);
  return {
    async next() {
      try {
        const step = await stream.next();
        if (step.done) close('ok');
        else telemetry.streamEvent(transport);
        return step;
      } catch (error) {
        close(error instanceof StreamFailed ? codeOf(error.errors) : 'INTERNAL_SERVER_ERROR');
        throw error;
      }
    },
    return() {
      close('left');
      return stream.return();
    },
  };
}
