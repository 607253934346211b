/**
 * The one way of an operation, whatever transport it came by:
 *
 *   resolve (which text it stands for) → prepare (limits, validation) → is this transport fit for it
 *   → coerce variables → is there room for it → rights, cost and rate limits → plan → execute or subscribe
 */
import { fault } from '@ordergraph/platform/errors.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import type { Admitted, Visit } from './admission.ts';
import { coercedVariables } from './coerced-variables.ts';
import { codeOf, refusal, RequestRefused } from './errors.ts';
import type { Generation } from './generation.ts';
import { refuseDeepValues, type Limits } from './limits.ts';
import type { ValidOperation } from './operations.ts';
import type { Directory } from './partners/directory.ts';
import { revocable } from './partners/revocable-stream.ts';
import type { OperationTexts } from './persisted/operation-text.ts';
import { PlanningFailed } from './planning/planner.ts';
import type { Caller, Delivery, OperationRequest, RequestContext, Variables } from './request.ts';
import type { OperationResult } from './result.ts';
import type { SharedReads } from './shared-reads.ts';
import type { ImportanceOf } from './resilience/importance.ts';
import type { OperationGate } from './resilience/operation-gate.ts';
import type { ResultStream } from './streams/result-stream.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { FinishedRequest, Telemetry } from './telemetry.ts';
import type { Trace } from './trace.ts';
import type { Tracing } from './tracing/tracing.ts';
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
  /** What requests that come now are served by. */
  readonly current: () => Generation;
  readonly limits: Limits;
  readonly gate: OperationGate;
  readonly importanceOf: ImportanceOf;
  readonly texts: OperationTexts;
  /** Undefined for a router without partners. */
  readonly directory: Directory | undefined;
  /** Undefined for a router that counts none. */
  readonly usage: UsageRecorder | undefined;
  readonly reads: SharedReads;
  readonly subscriptions: Subscriptions;
  readonly telemetry: Telemetry;
  /** Undefined where no traces are recorded. */
  readonly tracing: Tracing | undefined;
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
  /** Whether it has a place that it must leave. */
  isInside: boolean;
};

type Reading = {
  readonly generation: Generation;
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
  const { gate, texts, reads, subscriptions, telemetry, tracing, logger } = parts;
  let underWay = 0;
  let idle = Promise.withResolvers<void>();

  /** The operation and its variables. A request that has none that are good is not for nothing either. */
  const read = async (
    given: OperationRequest,
    caller: Caller,
    { generation: { operations, supergraph }, delivery, visit, progress }: Reading,
  ): Promise<{ readonly valid: ValidOperation; readonly variables: Variables }> => {
    try {
      const request = await texts.resolve(given, caller);
      const valid = operations.prepare(request);
      progress.valid = valid;
      progress.text = request.query;
      texts.proved(request, caller);
      if (!delivery.operationTypes.includes(valid.type)) throw new Unfit(valid.type);
      refuseDeepValues(request.variables, parts.limits);
      const { apiSchema: schema } = supergraph;
      const { suggestions } = parts;
      const variables = coercedVariables(valid.node, request.variables, { schema, suggestions });
      return { valid, variables };
    } catch (error) {
      visit.refused();
      throw error;
    }
  };

  const perform = async (
    given: OperationRequest,
    from: RequestOrigin,
    delivery: Delivery,
    { generation, progress }: Pick<Reading, 'generation' | 'progress'>,
  ): Promise<Outcome> => {
    const { admission, operations } = generation;
    if (from.caller.expiresAtMs !== null && from.caller.expiresAtMs <= Date.now()) {
      throw fault('TOKEN_EXPIRED', 'The token has expired.');
    }
    const visit = admission.begin(given, from.caller);
    const { valid, variables } = await read(given, from.caller, {
      generation,
      delivery,
      visit,
      progress,
    });
    const waiting = gate.enter(parts.importanceOf(valid, from.caller), delivery.signal);
    if (waiting) await waiting;
    progress.isInside = true;
    const admitted = await visit.admit(valid, variables);
    progress.admitted = admitted;
    const operation = await operations.planned(admitted.operation, variables, from.trace);
    const context: RequestContext = {
      ...from,
      deadlineMs: Date.now() + parts.requestTimeoutMs,
      // A mutation is finished even if nobody waits for its answer.
      signal: operation.type === 'query' ? delivery.signal : undefined,
    };
    if (operation.type !== 'subscription') {
      const result = await generation.executor.execute({ operation, variables, context });
      if (operation.type === 'mutation') reads.seen(from.caller.identity);
      return { kind: 'result', result: admitted.finished(result) };
    }
    const subscribed = subscriptions.subscribe({
      generation,
      asked: valid,
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

  const run: Pipeline['run'] = async (request, origin, delivery) => {
    const started = performance.now();
    const from = tracing
      ? { ...origin, trace: tracing.begin(origin.trace, delivery.transport) }
      : origin;
    const progress: Progress = {
      valid: undefined,
      text: '',
      admitted: undefined,
      isInside: false,
    };
    const generation = parts.current();
    const outcome = await generation
      .using(() => perform(request, from, delivery, { generation, progress }))
      .catch((error: unknown): Outcome => {
        const errors = refusal(error, logger);
        if (error instanceof Unfit) return { kind: 'refused', errors, unfit: error.type };
        // The operation is valid; that nothing can be got for it is its result.
        return error instanceof PlanningFailed
          ? { kind: 'result', result: { data: 'null', errors } }
          : { kind: 'refused', errors };
      });
    if (progress.isInside) gate.leave();
    const { valid, text, admitted } = progress;
    if (valid && outcome.kind !== 'refused') {
      parts.usage?.record({
        schema: generation.supergraph.apiSchema,
        operation: valid,
        text,
        caller: from.caller,
        client: from.client,
      });
    }
    const finished: FinishedRequest = {
      transport: delivery.transport,
      trace: from.trace,
      type: valid?.type ?? 'unknown',
      operationName: valid?.name,
      partner: from.caller.partner?.name,
      client: from.client,
      outcome: outcomeLabel(outcome),
      errors: errorsOf(outcome),
      cost: admitted?.cost,
      seconds: (performance.now() - started) / 1000,
    };
    tracing?.end(from.trace, finished);
    if (delivery.report) delivery.report(finished);
    else telemetry.request(finished);
    return outcome;
  };

  return {
    async run(request, from, delivery) {
      underWay += 1;
      try {
        return await run(request, from, delivery);
      } finally {
        underWay -= 1;
        if (underWay === 0) {
          idle.resolve();
          idle = Promise.withResolvers();
        }
      }
    },
    async idle() {
      while (underWay > 0) await idle.promise;
    },
  };
}

function outcomeLabel(outcome: Outcome): string {
  const errors = errorsOf(outcome);
  return errors.length > 0 || outcome.kind === 'refused' ? codeOf(errors) : 'ok';
}

function errorsOf(outcome: Outcome): RequestRefused['errors'] {
  if (outcome.kind === 'refused') return outcome.errors;
  return outcome.kind === 'result' ? outcome.result.errors : [];
}
