/**
 * Subscriptions across subgraphs: from one subscription at a subgraph to the streams of all who share it. The way of an
 * event, each part with the table of its states at its own head:
 *
 *   subgraph → upstream-sockets.ts   one socket for each subgraph; events, losses, attempts to connect
 *            → streams/upstream-run.ts  one subscription there; where it stands, how it is taken up again after a loss
 *            → streams/topic.ts         which subscriptions are the same, and become one
 *            → streams/live-stream.ts   one reader: the rest of the plan for each event, in order; bounds; the end
 *            → transports/…             frames, server-sent events, parts
 *
 * A stream ends once, in one of these ways; all but the first two with an error:
 * - the subgraph completes it, after all its events were read;
 * - the reader leaves;
 * - the subgraph refuses or fails it: its public errors, after all events that came were read;
 * - the subgraph is away for too long, or its connection was lost and the stream has no cursor: SERVICE_UNAVAILABLE, after
 *   all events that came were read; never a normal completion;
 * - the reader is too slow: SLOW_CONSUMER, what waits is dropped;
 * - the caller's token expires: TOKEN_EXPIRED, what waits is dropped;
 * - another supergraph is served by which it cannot go on (`streams/moving.ts`), what waits is dropped;
 * - the router stops: SERVICE_UNAVAILABLE, what waits is dropped.
 * The error's extensions give the `cursor` of the last event read, where events carry one; behind it the client can
 * continue without gap or repeat, here or at another router.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fault } from '@ordergraph/platform/errors.ts';
import type { Identity } from '@ordergraph/platform/identity.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { codeOf, refusal } from './errors.ts';
import type { Generation } from './generation.ts';
import type { PlannedOperation } from './operations.ts';
import type { FetchNode } from './planning/planner.ts';
import { clientVariable } from './planning/reserved-variables.ts';
import type { RequestContext, Transport, Variables } from './request.ts';
import { afterVariable } from './resumable.ts';
import { ExpiryWatch } from './streams/expiry-watch.ts';
import {
  LiveStream,
  type StreamHost,
  type StreamLimits,
  type StreamRequest,
} from './streams/live-stream.ts';
import { Moves, type StreamGround } from './streams/moving.ts';
import { StreamedResult, type ResultStream } from './streams/result-stream.ts';
import { Topics } from './streams/topics.ts';
import { UpstreamRun, type RunHost } from './streams/upstream-run.ts';
import { endTraced, eventTraced } from './tracing/stream-spans.ts';

export type SubscriptionRequest = StreamGround & {
  readonly operation: PlannedOperation;
  readonly variables: Variables;
  readonly context: RequestContext;
  readonly transport: Transport;
  /** A cursor that came besides the operation, and takes the place of the one in it. */
  readonly lastEventId?: string | undefined;
};

export type Subscriptions = {
  /** @throws SERVICE_UNAVAILABLE if it is stopping */
  subscribe(request: SubscriptionRequest): ResultStream;
  /** Leads every stream over to the current generation, or ends it. Resolves when none is left on another one. */
  move(): Promise<void>;
  /** Ends every stream with SERVICE_UNAVAILABLE, and refuses new ones. */
  stop(): void;
};

export type SubscriptionParts = {
  readonly current: () => Generation;
  /** Signs identities for subgraphs. */
  readonly secret: string;
  readonly limits: StreamLimits;
  /** How long the rest of the plan may take for one event, in milliseconds. */
  readonly restTimeoutMs: number;
  /** For how long a subgraph may be away before its streams end, in milliseconds. */
  readonly resumeWithinMs: number;
  /** A caller is about to be given an event. */
  readonly seen: (identity: Identity) => void;
  readonly observer: StreamObserver;
  readonly logger: Logger;
};

/** What is counted. Each stream is opened once and closed once. */
export type StreamObserver = {
  streamOpened(transport: Transport): void;
  streamEvent(transport: Transport): void;
  /** `ok`, `left`, or the code of the first error. */
  streamClosed(transport: Transport, outcome: string): void;
  streamEventsDropped(count: number): void;
  streamResumed(subgraph: string): void;
  /** At a change of the supergraph. */
  streamMoved(how: 'stayed' | 'resumed' | 'ended'): void;
};

export function createSubscriptions(parts: SubscriptionParts): Subscriptions {
  const { current, observer, logger } = parts;
  const topics = new Topics();
  const open = new Map<LiveStream, StreamGround>();
  const expiry = new ExpiryWatch<LiveStream>((stream) =>
    stream.cutOff(fault('TOKEN_EXPIRED', 'The token has expired.').toJSON()),
  );
  let isStopped = false;

  const host: StreamHost = {
    limits: parts.limits,
    evaluate: (event, stream) =>
      eventTraced(stream.request, (trace) => {
        const { operation, variables, context } = stream.request;
        const { generation } = groundOf(stream);
        return event.result(
          operation,
          () => JSON.stringify(variables),
          () =>
            generation.using(async () => {
              const result = await generation.streamExecutor.execute({
                operation,
                variables,
                context: { ...context, trace, deadlineMs: Date.now() + parts.restTimeoutMs },
                event: { fetch: primaryOf(operation), answer: event.answer() },
              });
              return new StreamedResult(result, event.cursor);
            }),
        );
      }),
    ended: (stream) => expiry.forget(stream, stream.request.context.caller.expiresAtMs),
    closed(stream, how) {
      open.delete(stream);
      const outcome = how === 'left' ? 'left' : how ? codeOf(how) : 'ok';
      endTraced(stream.request, outcome);
      observer.streamClosed(stream.request.transport, outcome);
    },
    given({ request }) {
      parts.seen(request.context.caller.identity);
      observer.streamEvent(request.transport);
    },
    dropped: (events) => observer.streamEventsDropped(events),
    bug: (error) => logger.error({ err: error }, 'an event could not be worked on'),
  };

  const runs: RunHost = {
    resumeWithinMs: parts.resumeWithinMs,
    secret: parts.secret,
    resumed: (service) => observer.streamResumed(service),
  };
  const groundOf = (stream: LiveStream): StreamGround => {
    const ground = open.get(stream);
    if (!ground) throw new Error('a stream that is open has a ground');
    return ground;
  };
  const runFor = (
    request: StreamRequest,
    after: unknown,
    { connections }: Generation,
  ): UpstreamRun => {
    const { operation, variables, context } = request;
    const primary = primaryOf(operation);
    const socket = connections.get(primary.serviceName)?.socket;
    if (!socket) throw new Error(`no upstream socket for ${primary.serviceName}`);
    const position = typeof after === 'string' && after !== '' ? after : undefined;
    const asked = {
      ...used(variables, primary.variableUsages ?? []),
      // Not a cursor, but perhaps it means something: null in place of a default.
      ...(after === undefined || position !== undefined ? {} : { [afterVariable]: after }),
    };
    const topic = topics.of(
      `${socket.address}\n${primary.operationName ?? ''}\n${primary.operation}`,
      // All that a subgraph learns of a caller.
      JSON.stringify([asked, context.caller.identity]),
    );
    return (
      topic.joinable(position) ??
      new UpstreamRun(
        runs,
        {
          operation,
          primary,
          variables: asked,
          identity: context.caller.identity,
          trace: context.trace,
        },
        { socket, topic, position },
      )
    );
  };

  const moveTo = async (moves: Moves, stream: LiveStream): Promise<void> => {
    try {
      const move = await moves.of(stream.request, groundOf(stream));
      const { ground, operation, isAlike } = move;
      // It has ended, or yet another supergraph is served, to which it is led over by others.
      if (!open.has(stream) || ground.generation !== current()) return;
      // Its source has ended: there is nothing more to come from another one.
      if (stream.isEnding && !isAlike) throw fault('SERVICE_UNAVAILABLE', changedMessage);
      const after = isAlike ? undefined : stream.leaveSource();
      const variables = withoutAfter(move.variables, operation);
      stream.request = { ...stream.request, operation, variables };
      open.set(stream, ground);
      if (!isAlike) runFor(stream.request, after, ground.generation).join(stream);
      observer.streamMoved(isAlike ? 'stayed' : 'resumed');
    } catch (error) {
      const [first] = refusal(error, logger);
      if (!open.has(stream) || !first) return;
      stream.cutOff(first);
      observer.streamMoved('ended');
    }
  };

  return {
    subscribe({ lastEventId, generation, asked, ...request }) {
      if (isStopped) throw fault('SERVICE_UNAVAILABLE', stoppingMessage);
      const { operation, variables, context, transport } = request;
      const after = operation.stream?.after(variables, lastEventId);
      const stream = new LiveStream(
        { operation, variables: withoutAfter(variables, operation), after, context, transport },
        host,
      );
      runFor(stream.request, after, generation).join(stream);
      open.set(stream, { generation, asked });
      observer.streamOpened(transport);
      expiry.watch(stream, context.caller.expiresAtMs);
      // The supergraph was changed while this was planned.
      if (generation !== current())
        void generation.using(() => moveTo(new Moves(current()), stream));
      return stream;
    },
    async move() {
      const generation = current();
      const moves = new Moves(generation);
      let moved = 0;
      for (const [stream, ground] of open) {
        if (ground.generation === generation) continue;
        await moveTo(moves, stream);
        moved += 1;
        if (moved % movedPerTurn === 0) await nextTurn();
      }
    },
    stop() {
      isStopped = true;
      const error = fault('SERVICE_UNAVAILABLE', stoppingMessage).toJSON();
      for (const stream of open.keys()) stream.cutOff(error);
    },
  };
}

/** Streams led over in one turn of the event loop. */
const movedPerTurn = 100;
const changedMessage = 'The schema has changed: subscribe again.';
const stoppingMessage = 'The service is stopping: connect again.';

function primaryOf({ plan: { node } }: PlannedOperation): FetchNode {
  if (node?.kind !== 'Subscription') throw new Error('a subscription needs its kind of plan');
  return node.primary;
}

function used(variables: Variables, names: readonly string[]): Variables {
  return Object.fromEntries(
    names
      .map((name) => [name, variables[clientVariable(name)]] as const)
      .filter(([, value]) => value !== undefined),
  );
}

/** Without the variable that does nothing but say where to begin: otherwise the same streams may share what they read. */
function withoutAfter(variables: Variables, { stream }: PlannedOperation): Variables {
  if (stream?.ownVariable === undefined || !(stream.ownVariable in variables)) return variables;
  const { [stream.ownVariable]: _after, ...rest } = variables;
  return rest;
}
