/**
 * The one way of an operation, whatever transport it came by:
 *
 *   resolve (which text it stands for) → prepare (limits, validation) → is this transport fit for it
 *   → coerce variables → rights, cost and rate limits → plan → execute or subscribe
 */
import { fault } from '@ordergraph/platform/errors.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import type { GraphQLSchema } from 'graphql';
import type { Admission, Admitted, Visit } from './admission.ts';
import { coercedVariables } from './coerced-variables.ts';
import { codeOf, refusal, RequestRefused } from './errors.ts';
import type { Executor } from './executor.ts';
import { refuseDeepValues, type Limits } from './limits.ts';
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
  readonly admission: Admission;
  readonly limits: Limits;
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

/** How far a request has come. */
type Progress = {
  valid: ValidOperation | undefined;
  text: string;
  admitted: Admitted | undefined;
};

type Reading = {
  readonly delivery: Delivery;
  readonly visit: Visit;
  readonly progress: Progress;
};

/** The transport or method does not take this type of operation. */
class Unfit extends RequestRefused {
  readonly type: ValidOperation['type'];
  constructor(type: ValidOperation['type']) {
    super([fault('BAD_REQUEST', `A ${type} cannot be run this way.`)]);
    this.name = 'Unfit';
    this.type = type;
  }
}

export function createPipeline(parts: PipelineParts): Pipeline {
  const { admission, texts, operations, executor, subscriptions, telemetry, logger } = parts;
  const underWay = new Set<Promise<unknown>>();

  /** The operation and its variables. A request that has none that are good is not for nothing either. */
  const read = async (
    given: OperationRequest,
    caller: Caller,
    { delivery, visit, progress }: Reading,
  ): Promise<{ readonly valid: ValidOperation; readonly variables: Variables }> => {
    try {
      const request = await texts.resolve(given, caller);
      const valid = operations.prepare(request);
      progress.valid = valid;
      progress.text = request.query;
      texts.proved(request, caller);
      if (!delivery.operationTypes.includes(valid.type)) throw new Unfit(valid.type);
      refuseDeepValues(request.variables, parts.limits);
      return { valid, variables: coercedVariables(valid.node, request.variables, parts) };
    } catch (error) {
      visit.refused();
      throw error;
    }
  };

  const perform = async (
    given: OperationRequest,
    from: RequestOrigin,
    delivery: Delivery,
    progress: Progress,
  ): Promise<Outcome> => {
    if (from.caller.expiresAtMs !== null && from.caller.expiresAtMs <= Date.now()) {
      throw fault('TOKEN_EXPIRED', 'The token has expired.');
    }
    const visit = admission.begin(given, from.caller);
    const { valid, variables } = await read(given, from.caller, { delivery, visit, progress });
    const admitted = await visit.admit(valid, variables);
    progress.admitted = admitted;
    const operation = await operations.planned(admitted.operation, variables);
    const context: RequestContext = {
      ...from,
      deadlineMs: Date.now() + parts.requestTimeoutMs,
      // A mutation is finished even if nobody waits for its answer.
      signal: operation.type === 'query' ? delivery.signal : undefined,
    };
    if (operation.type !== 'subscription') {
      const result = await executor.execute({ operation, variables, context });
      return { kind: 'result', result: admitted.finished(result) };
    }
    const subscribed = subscriptions.subscribe({
      operation,
      variables,
      context,
      transport: delivery.transport,
      lastEventId: delivery.lastEventId,
    });
    const stream = admitted.watched(subscribed);
    const { partner } = from.caller;
    const { directory } = parts;
    return {
      kind: 'stream',
      stream: partner && directory ? revocable(stream, directory, partner) : stream,
    };
  };

  const run: Pipeline['run'] = async (request, from, delivery) => {
    const started = performance.now();
    const progress: Progress = { valid: undefined, text: '', admitted: undefined };
    const outcome = await perform(request, from, delivery, progress).catch(
      (error: unknown): Outcome => {
        const errors = refusal(error, logger);
        if (error instanceof Unfit) return { kind: 'refused', errors, unfit: error.type };
        // The operation is valid; that nothing can be got for it is its result.
        return error instanceof PlanningFailed
          ? { kind: 'result', result: { data: 'null', errors } }
          : { kind: 'refused', errors };
      },
    );
    const { valid, text, admitted } = progress;
    if (valid && outcome.kind !== 'refused') {
      parts.usage?.record({ operation: valid, text, caller: from.caller, client: from.client });
    }
    telemetry.request({
      transport: delivery.transport,
      trace: from.trace,
      type: valid?.type ?? 'unknown',
      operationName: valid?.name,
      partner: from.caller.partner?.name,
      client: from.client,
      outcome: outcomeLabel(outcome),
      cost: admitted?.cost,
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

function outcomeLabel(outcome: Outcome): string {
  if (outcome.kind === 'refused') return codeOf(outcome.errors);
  if (outcome.kind === 'stream') return 'ok';
  const { errors } = outcome.result;
  return errors.length > 0 ? codeOf(errors) : 'ok';
}
