/**
 * A queue between one producer that cannot be slowed down and one reader that may be slow. What may happen, in this
 * order: any number of events, then one end: complete, failed, or left by the reader. A full queue fails the stream
 * and drops what waits, for a reader told where it stopped can continue there, and memory stays bounded.
 */
import type { GraphQLFormattedError } from 'graphql';

export type EventStreamOptions = {
  readonly queueMax: number;
  /** Called once, at the end of whatever kind, so that the producer stops. */
  onEnd(): void;
  /** The error for a reader too slow. */
  tooSlow(): GraphQLFormattedError;
};

/** Thrown to the reader at the end of a stream that did not complete. */
export class StreamFailed extends Error {
  readonly errors: readonly GraphQLFormattedError[];
  constructor(errors: readonly GraphQLFormattedError[]) {
    super(errors[0]?.message ?? 'the stream failed');
    this.name = 'StreamFailed';
    this.errors = errors;
  }
}

type End = { readonly errors?: readonly GraphQLFormattedError[] };

export class EventStream<T> implements AsyncIterableIterator<T> {
  readonly #options: EventStreamOptions;
  #queue: T[] = [];
  #end: End | undefined;
  #reported = false;
  #waiting: PromiseWithResolvers<void> | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  push(event: T): void {
    if (this.#end) return;
    if (this.#queue.length >= this.#options.queueMax) this.stop([this.#options.tooSlow()]);
    else this.#queue.push(event);
    this.#wake();
  }

  /** Ends the stream after what waits has been read. */
  finish(errors?: readonly GraphQLFormattedError[]): void {
    if (this.#end) return;
    this.#end = errors ? { errors } : {};
    this.#options.onEnd();
    this.#wake();
  }

  /** Ends the stream now; what waits is dropped. */
  stop(errors?: readonly GraphQLFormattedError[]): void {
    if (!this.#end) this.#queue = [];
    this.finish(errors);
  }

  /** @throws StreamFailed once, at the end of a stream that failed */
  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#queue.length === 0 && !this.#end) {
      this.#waiting ??= Promise.withResolvers();
      await this.#waiting.promise;
    }
    const event = this.#queue.shift();
    if (event !== undefined) return { done: false, value: event };
    if (this.#end?.errors && !this.#reported) {
      this.#reported = true;
      throw new StreamFailed(this.#end.errors);
    }
    return { done: true, value: undefined };
  }

  /** The reader leaves; a pending `next` is done at once. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.stop();
    this.#queue = [];
    this.#reported = true;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}
