/**
 * The one way of an operation, whatever transport it came by:
 *
 *   resolve (which text it stands for) → prepare (limits, validation) → is this transport fit for it
 *   → coerce variables → plan → execute or subscribe
 *
 * Rights, cost and rate limits are to stand before planning; they will see the caller and the valid operation.
 */
import { badUserInput, fault } from '@ordergraph/platform/errors.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { getVariableValues, type GraphQLSchema } from 'graphql';
import { codeOf, refusal, RequestRefused } from './errors.ts';
import type { Executor } from './executor.ts';
import type { Operations, ValidOperation } from './operations.ts';
import type { Directory } from './partners/directory.ts';
import { revocable } from './partners/revocable-stream.ts';
import type { OperationTexts } from './persisted/operation-text.ts';
import { PlanningFailed } from './planning/planner.ts';
import type { Caller, Delivery, OperationRequest, RequestContext, Variables } from './request.ts';
import type { OperationResult } from './result.ts';
import type { ResultStream } from './streams/result-stream.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Telemetry } from './telemetry.ts';
import type { Trace } from './trace.ts';
import type { UsageRecorder } from './usage/usage-recorder.ts';

export type Outcome =
  | {
      readonly kind: 'refused';
      readonly errors: RequestRefused['errors'];
      /** The operation's type, if this transport or method is what does not fit it. */
      readonly unfit?: ValidOperation['type'];
    }
  | { readonly kind: 'result'; readonly result: OperationResult }
  | { readonly kind: 'stream'; readonly stream: ResultStream };

export type Pipeline = {
  /** Runs a request to its end, or to the begin of its stream. Never rejects. */
  run(request: OperationRequest, from: RequestOrigin, delivery: Delivery): Promise<Outcome>;
  /** Resolves when no operation is under way. Streams do not count. */
  idle(): Promise<void>;
};

export type RequestOrigin = {
  readonly caller: Caller;
  readonly trace: Trace;
  /** What the client calls itself, for statistics only; may be empty. */
  readonly client: string;
};

export type PipelineParts = {
  readonly texts: OperationTexts;
  /** Undefined for a router without partners. */
  readonly directory: Directory | undefined;
  /** Undefined for a router that counts none. */
  readonly usage: UsageRecorder | undefined;
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
  const { texts, operations, executor, subscriptions, telemetry, logger } = parts;
  const underWay = new Set<Promise<unknown>>();

  const perform = async (
    given: OperationRequest,
    from: RequestOrigin,
    delivery: Delivery,
    learn: (operation: ValidOperation, text: string) => void,
  ): Promise<Outcome> => {
    if (from.caller.expiresAtMs !== null && from.caller.expiresAtMs <= Date.now()) {
      throw fault('TOKEN_EXPIRED', 'The token has expired.');
    }
    const request = await texts.resolve(given, from.caller);
    const valid = operations.prepare(request);
    learn(valid, request.query);
    texts.proved(request, from.caller);
    if (!delivery.operationTypes.includes(valid.type)) {
      const error = fault('BAD_REQUEST', `A ${valid.type} cannot be run this way.`);
      return { kind: 'refused', errors: [error.toJSON()], unfit: valid.type };
    }
    const variables = coerced(valid, request.variables, parts);
    const operation = await operations.planned(valid, variables);
    const context: RequestContext = {
      ...from,
      deadlineMs: Date.now() + parts.requestTimeoutMs,
      // A mutation is finished even if nobody waits for its answer.
      signal: operation.type === 'query' ? delivery.signal : undefined,
    };
    if (operation.type !== 'subscription') {
      return { kind: 'result', result: await executor.execute({ operation, variables, context }) };
    }
    const stream = subscriptions.subscribe({
      operation,
      variables,
      context,
      transport: delivery.transport,
      lastEventId: delivery.lastEventId,
    });
    const { partner } = from.caller;
    const { directory } = parts;
    return {
      kind: 'stream',
      stream: partner && directory ? revocable(stream, directory, partner) : stream,
    };
  };

  const run: Pipeline['run'] = async (request, from, delivery) => {
    const started = performance.now();
    let known: ValidOperation | undefined;
    let text = '';
    const outcome = await perform(request, from, delivery, (operation, resolved) => {
      known = operation;
      text = resolved;
    }).catch((error: unknown): Outcome => {
      const errors = refusal(error, logger);
      // The operation is valid; that nothing can be got for it is its result.
      return error instanceof PlanningFailed
        ? { kind: 'result', result: { data: 'null', errors } }
        : { kind: 'refused', errors };
    });
    if (known && outcome.kind !== 'refused') {
      parts.usage?.record({ operation: known, text, caller: from.caller, client: from.client });
    }
    telemetry.request({
      transport: delivery.transport,
      trace: from.trace,
      type: known?.type ?? 'unknown',
      operationName: known?.name,
      partner: from.caller.partner?.name,
      client: from.client,
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
  { node }: ValidOperation,
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
  return errors.length > 0 ? codeOf(errors) : 'ok';
}
