/**
 * One subscription at a subgraph, for all streams that stand at the same place of the same events. By the convention of
 * resumable.ts a cursor names a place: what comes behind it is the same for everybody who asks for the same. So the run
 * knows its position, the cursor behind which its next event comes, and can be taken up there again.
 *
 * | state    | sent     | event             | complete | refused           | connection lost       | last stream leaves |
 * | -------- | -------- | ----------------- | -------- | ----------------- | --------------------- | ------------------ |
 * | new      | begun    | –                 | –        | –                 | over, unavailable     | over               |
 * | begun    | –        | passed on         | over     | over, its errors  | resuming or over (1)  | over               |
 * | resuming | begun    | –                 | –        | –                 | resuming or over (2)  | over               |
 *
 * 1. Resuming behind its position, without a word to the streams. A run without a position is over: nobody can say what
 *    it would miss. That is one whose events have no cursor, or have not come yet, unless its first reader gave one. Being
 *    refused as unavailable counts as a lost connection for a run that has a position: the subgraph is up before its
 *    database is, for example.
 * 2. Until the subgraph has been away for too long: `resumeWithinMs`, counted from the last event, or from the loss of a
 *    connection that had held for a while. Then it is over, with an error, after what waits was read.
 */
import { publicError } from '@ordergraph/platform/errors.ts';
import { signIdentity, type Identity } from '@ordergraph/platform/identity.ts';
import type { GraphQLFormattedError } from 'graphql';
import { codeOf, publicSubgraphError, subgraphFailure } from '../errors.ts';
import type { PlannedOperation } from '../operations.ts';
import type { FetchNode } from '../planning/planner.ts';
import type { Variables } from '../request.ts';
import { afterVariable, cursorIn } from '../resumable.ts';
import { traceparentOf, type Trace, type TraceSpan } from '../trace.ts';
import type { UpstreamRequest, UpstreamSocket, UpstreamSubscription } from '../upstream-sockets.ts';
import { backOffMs } from './back-off.ts';
import type { LiveStream, StreamSource } from './live-stream.ts';
import { StreamEvent } from './stream-event.ts';
import type { Topic } from './topic.ts';

/** What a run asks for: that of its first reader, and for everybody who joins. */
export type RunRequest = {
  readonly operation: PlannedOperation;
  readonly primary: FetchNode;
  /** As the primary fetch names them. */
  readonly variables: Variables;
  readonly identity: Identity;
  readonly trace: Trace;
};

/** What all runs of a router have in common. */
export type RunHost = {
  /** For how long a subgraph may be away, in milliseconds. */
  readonly resumeWithinMs: number;
  /** Signs identities for subgraphs. */
  readonly secret: string;
  resumed(service: string): void;
};

export type RunPlace = {
  readonly socket: UpstreamSocket;
  readonly topic: Topic;
  /** The cursor behind which it begins. */
  readonly position: string | undefined;
};

/** A connection that has held for so long was no mere attempt. */
const steadyMs = 5_000;

export class UpstreamRun implements UpstreamSubscription, StreamSource {
  readonly streams = new Set<LiveStream>();
  /** The cursor behind which the next event comes. */
  position: string | undefined;
  readonly #host: RunHost;
  readonly #request: RunRequest;
  readonly #socket: UpstreamSocket;
  readonly #topic: Topic;
  #state: 'new' | 'begun' | 'resuming' | 'over' = 'new';
  #id: number | undefined;
  #begunAtMs = 0;
  /** Since when it has been away. */
  #lostAtMs: number | undefined;
  #attempts = 0;
  #pause: NodeJS.Timeout | undefined;
  /** While it waits to be sent, if its trace is recorded. */
  #sending: TraceSpan | undefined;

  /** Begins at the end of the turn. */
  constructor(host: RunHost, request: RunRequest, { socket, topic, position }: RunPlace) {
    this.#host = host;
    this.#request = request;
    this.#socket = socket;
    this.#topic = topic;
    this.position = position;
    topic.add(this);
    this.#beginSending();
    this.#id = socket.subscribe(this);
  }

  /** Whether who joins now gets all that the first reader gets. */
  get isNew(): boolean {
    return this.#state === 'new';
  }

  get isAway(): boolean {
    return this.#state === 'resuming';
  }

  join(stream: LiveStream): void {
    stream.source = this;
    this.streams.add(stream);
  }

  leave(stream: LiveStream): void {
    if (this.streams.delete(stream) && this.streams.size === 0) this.#end();
  }

  /** Takes over all streams of a run that stands at the same place. */
  takeOver(other: UpstreamRun): void {
    for (const stream of other.streams) this.join(stream);
    other.streams.clear();
    other.#end();
  }

  sent(): UpstreamRequest {
    const { primary, variables, identity, trace } = this.#request;
    if (this.#state === 'resuming') this.#host.resumed(primary.serviceName);
    this.#state = 'begun';
    this.#begunAtMs = Date.now();
    const sent = this.#sending?.trace ?? trace;
    this.#endSending('ok');
    return {
      query: primary.operation,
      operationName: primary.operationName,
      variables:
        this.position === undefined ? variables : { ...variables, [afterVariable]: this.position },
      extensions: {
        identity: signIdentity(identity, this.#host.secret, this.#begunAtMs),
        traceparent: traceparentOf(sent),
      },
    };
  }

  event(payload: unknown, message: string): void {
    if (this.#state === 'over') return;
    this.#lostAtMs = undefined;
    this.#attempts = 0;
    const cursor = cursorIn(payload, this.#request.operation.stream);
    const event = new StreamEvent(message, payload, { cursor, isShared: this.streams.size > 1 });
    const from = this.position;
    this.position = cursor ?? from;
    for (const stream of this.streams) stream.push(event);
    if (this.position !== from) this.#topic.moved(this, from);
  }

  complete(): void {
    this.#id = undefined;
    this.#finish();
  }

  refused(errors: readonly GraphQLFormattedError[]): void {
    this.#id = undefined;
    const isAway = errors[0]?.extensions?.['code'] === 'SERVICE_UNAVAILABLE';
    if (isAway && this.position !== undefined) this.#resume(errors.map(publicSubgraphError));
    else
      this.#finish(
        errors.length > 0 ? errors.map(publicSubgraphError) : [publicError({ message: '' })],
      );
  }

  lost(): void {
    this.#id = undefined;
    const errors = [subgraphFailure('SERVICE_UNAVAILABLE', this.#request.primary.serviceName)];
    if (this.#state === 'new' || this.position === undefined) this.#finish(errors);
    else this.#resume(errors);
  }

  /** @param errors what to tell if it has been away for too long */
  #resume(errors: readonly GraphQLFormattedError[]): void {
    if (this.#state === 'over') return;
    const nowMs = Date.now();
    const held = this.#state === 'begun' && nowMs - this.#begunAtMs >= steadyMs;
    if (held || this.#lostAtMs === undefined) {
      this.#lostAtMs = nowMs;
      this.#attempts = 0;
    }
    const untilMs = this.#lostAtMs + this.#host.resumeWithinMs;
    this.#state = 'resuming';
    if (nowMs >= untilMs) return this.#finish(errors);
    if (!this.#sending) this.#beginSending();
    const again = () => {
      this.#id = this.#socket.subscribe(this, untilMs);
    };
    // The socket itself makes pauses between attempts to connect; these are for one that connects and is then refused.
    if (this.#attempts > 0) this.#pause = setTimeout(again, backOffMs(this.#attempts));
    else again();
    this.#attempts += 1;
  }

  #finish(errors?: readonly GraphQLFormattedError[]): void {
    if (this.#state === 'over') return;
    const streams = [...this.streams];
    this.streams.clear();
    this.#endSending(errors ? codeOf(errors) : 'ok');
    this.#end();
    for (const stream of streams) stream.finish(errors);
  }

  #end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#endSending('abandoned');
    clearTimeout(this.#pause);
    if (this.#id !== undefined) this.#socket.unsubscribe(this.#id);
    this.#id = undefined;
    this.#topic.remove(this);
  }

  #beginSending(): void {
    const { primary, trace } = this.#request;
    this.#sending = trace.span?.child({
      name: `subscribe ${primary.serviceName}`,
      kind: 'client',
      attributes: {
        'router.subgraph': primary.serviceName,
        'router.subscription.resumed': this.#state === 'resuming',
      },
    });
  }

  #endSending(outcome: string): void {
    this.#sending?.end(outcome);
    this.#sending = undefined;
  }
}
