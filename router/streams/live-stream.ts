/**
 * One reader's stream, from the events of a subscription to the results that a transport takes.
 *
 * Events are worked on in their order and their results given in that order, however long each takes: up to a few at
 * once, so that a busy stream is not as slow as its subgraphs' answers one after the other. Events wait while the reader
 * takes nothing, and then cost no fetches. What waits is bounded in number and in size.
 *
 * | state   | event          | result ready | sink full | sink free | source ends | cut off        | reader leaves |
 * | ------- | -------------- | ------------ | --------- | --------- | ----------- | -------------- | ------------- |
 * | unread  | waits          | –            | –         | –         | ending      | over at start  | over          |
 * | reading | is worked on   | given        | blocked   | –         | ending      | over           | over          |
 * | blocked | waits          | kept         | –         | reading   | ending      | over           | over          |
 * | ending  | none           | given        | kept      | given     | –           | over           | over          |
 * | over    | none           | dropped      | –         | –         | –           | –              | –             |
 *
 * - At any time before it is over its plan may be replaced (`streams/moving.ts`): by one alike, with all that waits, or by
 *   another one from another source, which then brings again what waited.
 * - `start` makes a stream that is unread reading. `waits` fails a stream whose reader is too slow: it is cut off.
 * - Ending: the source has ended, with errors or without; what waits is given first, then the end is told.
 * - Cut off (too slow, token expired, router stopping): what waits is dropped, and the reader told why.
 * - Each end is told to the sink once, but to one whose reader has left. Errors carry the cursor of the last result given,
 *   behind which the reader continues without gap or repeat.
 */
import { fault } from '@ordergraph/platform/errors.ts';
import type { GraphQLFormattedError } from 'graphql';
import type { PlannedOperation } from '../operations.ts';
import type { RequestContext, Transport, Variables } from '../request.ts';
import type { ResultStream, StreamedResult, StreamSink } from './result-stream.ts';
import type { StreamEvent } from './stream-event.ts';

export type StreamRequest = {
  readonly operation: PlannedOperation;
  readonly variables: Variables;
  /** Where it began, as far as anything was said of that. */
  readonly after?: unknown;
  readonly context: RequestContext;
  readonly transport: Transport;
};

/** What a stream's events come from. */
export type StreamSource = {
  /** The cursor behind which the next event comes. */
  readonly position: string | undefined;
  leave(stream: LiveStream): void;
};

/** What all streams of a router have in common. */
export type StreamHost = {
  readonly limits: StreamLimits;
  evaluate(event: StreamEvent, stream: LiveStream): Promise<StreamedResult>;
  /** It needs no more events, and no watching. Called once. */
  ended(stream: LiveStream): void;
  /** Its reader was told the end, or has left: undefined. Called once. */
  closed(stream: LiveStream, errors: readonly GraphQLFormattedError[] | undefined | 'left'): void;
  given(stream: LiveStream): void;
  dropped(events: number): void;
  /** Evaluating an event failed by a bug. */
  bug(error: unknown): void;
};

export type StreamLimits = {
  /** Events that may wait, and their length in characters. One may wait whatever its length. */
  readonly eventsMax: number;
  readonly charactersMax: number;
  /** Events worked on at once. */
  readonly underWayMax: number;
};

type UnderWay = { readonly cursor: string | undefined; result: StreamedResult | undefined };
type Ending = { readonly errors: readonly GraphQLFormattedError[] | undefined };

export class LiveStream implements ResultStream {
  request: StreamRequest;
  /** Undefined before it begins and after it has ended. */
  source: StreamSource | undefined;
  readonly #host: StreamHost;
  #sink: StreamSink | undefined;
  #isBlocked = false;
  #isOver = false;
  #ending: Ending | undefined;
  #cursor: string | undefined;
  // Most streams have nothing waiting and nothing under way for nearly all of their time.
  #waiting: StreamEvent[] | undefined;
  #waitingLength = 0;
  #underWay: UnderWay[] | undefined;

  constructor(request: StreamRequest, host: StreamHost) {
    this.request = request;
    this.#host = host;
  }

  start(sink: StreamSink): void {
    if (this.#isOver) return;
    this.#sink = sink;
    this.#proceed();
  }

  resume(): void {
    this.#isBlocked = false;
    this.#proceed();
  }

  stop(told?: readonly GraphQLFormattedError[]): void {
    if (this.#isOver) return;
    this.#end({ errors: undefined });
    this.#close(told ?? 'left');
  }

  push(event: StreamEvent): void {
    if (this.#ending) return;
    if (!this.#waiting && this.#isReady()) this.#work(event);
    else this.#wait(event);
  }

  /** The source has ended: so does this, after what waits. */
  finish(errors?: readonly GraphQLFormattedError[]): void {
    if (this.#ending) return;
    this.#end({ errors });
    this.#proceed();
  }

  /** Ends it now, whatever waits. */
  cutOff(error: GraphQLFormattedError): void {
    if (this.#isOver) return;
    this.#host.dropped((this.#waiting?.length ?? 0) + (this.#underWay?.length ?? 0));
    this.#waiting = undefined;
    this.#underWay = undefined;
    if (this.#ending) this.#ending = { errors: [error] };
    else this.#end({ errors: [error] });
    this.#proceed();
  }

  /** Whether it gets nothing more from its source. */
  get isEnding(): boolean {
    return this.#ending !== undefined;
  }

  /**
   * Leaves its source for another one, with what waits.
   * @returns the cursor behind which the other has to begin; where the stream itself began if there is none yet
   */
  leaveSource(): unknown {
    const worked = this.#underWay?.at(-1)?.cursor ?? this.#cursor;
    const position = this.#waiting ? worked : (this.source?.position ?? worked);
    this.#waiting = undefined;
    this.#waitingLength = 0;
    this.source?.leave(this);
    this.source = undefined;
    return position ?? this.request.after;
  }

  #isReady(): boolean {
    return (
      this.#sink !== undefined &&
      !this.#isBlocked &&
      (this.#underWay?.length ?? 0) < this.#host.limits.underWayMax
    );
  }

  #wait(event: StreamEvent): void {
    const { eventsMax, charactersMax } = this.#host.limits;
    const waiting = (this.#waiting ??= []);
    const tooLong = waiting.length > 0 && this.#waitingLength + event.length > charactersMax;
    if (waiting.length >= eventsMax || tooLong) {
      this.cutOff(fault('SLOW_CONSUMER', 'The stream was not read fast enough.').toJSON());
      return;
    }
    event.putAside();
    waiting.push(event);
    this.#waitingLength += event.length;
  }

  #work(event: StreamEvent): void {
    const entry: UnderWay = { cursor: event.cursor, result: undefined };
    (this.#underWay ??= []).push(entry);
    void this.#evaluate(event, entry);
  }

  async #evaluate(event: StreamEvent, entry: UnderWay): Promise<void> {
    try {
      entry.result = await this.#host.evaluate(event, this);
    } catch (error) {
      this.#host.bug(error);
      this.cutOff(fault('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.').toJSON());
      return;
    }
    this.#proceed();
  }

  /** Does all that can be done now. */
  #proceed(): void {
    this.#give();
    while (this.#waiting && this.#isReady()) this.#workOnNext(this.#waiting);
    if (this.#ending && !this.#waiting && !this.#underWay) this.#tellEnd(this.#ending);
  }

  #give(): void {
    while (this.#sink && !this.#isBlocked && this.#underWay?.[0]?.result) {
      const { result } = this.#underWay[0];
      this.#underWay.shift();
      if (this.#underWay.length === 0) this.#underWay = undefined;
      this.#cursor = result.cursor ?? this.#cursor;
      this.#host.given(this);
      this.#isBlocked = !this.#sink.next(result);
    }
  }

  #workOnNext(waiting: StreamEvent[]): void {
    const event = waiting.shift();
    if (waiting.length === 0) this.#waiting = undefined;
    if (!event) return;
    this.#waitingLength -= event.length;
    this.#work(event);
  }

  #tellEnd({ errors }: Ending): void {
    const sink = this.#sink;
    if (!sink || this.#isOver) return;
    const told = errors?.map((error) => this.#withCursor(error));
    this.#close(told);
    if (told) sink.failed(told);
    else sink.complete();
  }

  #withCursor(error: GraphQLFormattedError): GraphQLFormattedError {
    if (this.#cursor === undefined) return error;
    return { ...error, extensions: { ...error.extensions, cursor: this.#cursor } };
  }

  #end(ending: Ending): void {
    if (this.#ending) return;
    this.#ending = ending;
    this.source?.leave(this);
    this.source = undefined;
    this.#host.ended(this);
  }

  #close(how: readonly GraphQLFormattedError[] | undefined | 'left'): void {
    this.#isOver = true;
    this.#sink = undefined;
    this.#waiting = undefined;
    this.#underWay = undefined;
    this.#host.closed(this, how);
  }
}
