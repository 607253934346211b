/**
 * Subscriptions across subgraphs. The protocol of one stream:
 *
 * 1. The plan is `{ primary, rest }`. The primary is subscribed to at its subgraph, over the socket that all streams of
 *    that subgraph share, with the caller's signed identity in this operation's own extensions.
 * 2. Each event from there waits in the stream's bounded queue. The reader takes one at a time; only then is the rest of
 *    the plan fetched for it. So events never overtake one another, and a slow reader costs no fetches.
 * 3. The stream ends once, in one of these ways; all but the first two end it with an error:
 *    - the subgraph completes it, after all its events were read;
 *    - the reader leaves: the upstream subscription ends at once;
 *    - the subgraph refuses or fails it: its public errors;
 *    - the socket is lost: SERVICE_UNAVAILABLE, after all events that came were read; never a normal completion;
 *    - the reader is too slow and the queue is full: SLOW_CONSUMER, what waits is dropped;
 *    - the caller's token expires: TOKEN_EXPIRED, what waits is dropped;
 *    - the router stops: SERVICE_UNAVAILABLE, what waits is dropped.
 *    The error's extensions give the `cursor` of the last event read, where events carry one; behind it the client can
 *    continue without gap or repeat.
 */
import { fault, type FaultCode } from '@ordergraph/platform/errors.ts';
import type { FormattedExecutionResult, GraphQLFormattedError } from 'graphql';
import { publicSubgraphError, subgraphFailure } from './errors.ts';
import { EventStream, StreamFailed } from './event-stream.ts';
import type { Executor } from './executor.ts';
import type { PlannedOperation } from './operations.ts';
import { isRecord, type RequestContext, type Variables } from './request.ts';
import { cursorAlias } from './resumable.ts';
import { parsedAnswer } from './subgraph-requests.ts';
import { traceparentOf } from './trace.ts';
import type { UpstreamSocket } from './upstream-sockets.ts';

export type StreamedResult = {
  readonly result: FormattedExecutionResult;
  readonly cursor?: string;
};

/** A stream as transports see it. `return` wakes a pending `next`. */
export type ResultStream = Required<Pick<AsyncIterableIterator<StreamedResult>, 'next' | 'return'>>;

export type Subscriptions = {
  subscribe(
    operation: PlannedOperation,
    variables: Variables,
    context: RequestContext,
  ): ResultStream;
  /** Ends every stream with SERVICE_UNAVAILABLE, and refuses new ones. */
  stop(): void;
};

export type SubscriptionParts = {
  readonly executor: Executor;
  readonly upstreams: ReadonlyMap<string, UpstreamSocket>;
  readonly queueMax: number;
  /** How long the rest of the plan may take for one event, in milliseconds. */
  readonly restTimeoutMs: number;
};

/** The longest delay that a timer takes, in milliseconds; a token that lives longer is looked at again then. */
const timerMaxMs = 2 ** 31 - 1;
const stoppingMessage = 'The service is stopping: connect again.';

export function createSubscriptions(parts: SubscriptionParts): Subscriptions {
  const { executor, upstreams, queueMax, restTimeoutMs } = parts;
  const open = new Set<() => void>();
  let stopped = false;

  return {
    subscribe(operation, variables, context) {
      if (stopped) throw fault('SERVICE_UNAVAILABLE', stoppingMessage);
      const node = operation.plan.node;
      if (node?.kind !== 'Subscription') throw new Error('a subscription needs its kind of plan');
      const { primary } = node;
      const upstream = upstreams.get(primary.serviceName);
      if (!upstream) throw new Error(`no upstream socket for ${primary.serviceName}`);

      let cursor: string | undefined;
      const events = new EventStream<unknown>({
        queueMax,
        tooSlow: () => ended('SLOW_CONSUMER', 'The stream was not read fast enough.'),
        onEnd: () => {
          open.delete(stop);
          clearTimeout(expiry);
          // Not before the subscription has begun: a socket may be lost while it begins.
          queueMicrotask(() => unsubscribe());
        },
      });
      const stop = () => events.stop([ended('SERVICE_UNAVAILABLE', stoppingMessage)]);
      let expiry: NodeJS.Timeout | undefined;
      const watchExpiry = (expiresAtMs: number) => {
        const leftMs = expiresAtMs - Date.now();
        if (leftMs <= 0) events.stop([ended('TOKEN_EXPIRED', 'The token has expired.')]);
        else expiry = setTimeout(() => watchExpiry(expiresAtMs), Math.min(leftMs, timerMaxMs));
      };
      open.add(stop);

      const unsubscribe = upstream.subscribe(
        {
          query: primary.operation,
          operationName: primary.operationName,
          variables: used(variables, primary.variableUsages ?? []),
        },
        { identity: context.caller.identity, traceparent: traceparentOf(context.trace) },
        {
          event: (payload) => events.push(payload),
          complete: () => events.finish(),
          refused: (errors) => events.finish(errors.map(publicSubgraphError)),
          lost: () => events.finish([subgraphFailure('SERVICE_UNAVAILABLE', primary.serviceName)]),
        },
      );
      if (context.caller.expiresAtMs !== null) watchExpiry(context.caller.expiresAtMs);

      return {
        async next() {
          const { done, value: payload } = await events.next().catch((error: unknown) => {
            throw cursor !== undefined && error instanceof StreamFailed
              ? withCursor(error, cursor)
              : error;
          });
          if (done) return { done: true, value: undefined };
          const answer = parsedAnswer(payload);
          const cursorOfEvent = cursorIn(payload, operation);
          const result = await executor.execute({
            operation,
            variables,
            context: { ...context, deadlineMs: Date.now() + restTimeoutMs },
            event: { fetch: primary, answer },
          });
          cursor = cursorOfEvent ?? cursor;
          const value =
            cursorOfEvent === undefined ? { result } : { result, cursor: cursorOfEvent };
          return { done: false, value };
        },
        async return() {
          await events.return();
          return { done: true, value: undefined };
        },
      };
    },
    stop() {
      stopped = true;
      for (const end of open) end();
    },
  };
}

function ended(code: FaultCode, message: string): GraphQLFormattedError {
  return fault(code, message).toJSON();
}

function withCursor({ errors }: StreamFailed, cursor: string): StreamFailed {
  return new StreamFailed(
    errors.map((error) => ({ ...error, extensions: { ...error.extensions, cursor } })),
  );
}

function used(variables: Variables, names: readonly string[]): Variables {
  return Object.fromEntries(
    names.filter((name) => variables[name] !== undefined).map((name) => [name, variables[name]]),
  );
}

function cursorIn(payload: unknown, { stream }: PlannedOperation): string | undefined {
  if (!stream?.hasCursor || !isRecord(payload) || !isRecord(payload['data'])) return undefined;
  const event = payload['data'][stream.field];
  const cursor = isRecord(event) ? event[cursorAlias] : undefined;
  return typeof cursor === 'string' ? cursor : undefined;
}
