/** What transports see of a stream: results on their way out, and where they go. */
import type { GraphQLFormattedError } from 'graphql';
import { resultText, type OperationResult } from '../result.ts';

/** One result of a stream. However many readers share it, it is written once. */
export class StreamedResult {
  readonly result: OperationResult;
  /** Behind which a reader of this result continues. */
  readonly cursor: string | undefined;
  #text: string | undefined;

  constructor(result: OperationResult, cursor?: string) {
    this.result = result;
    this.cursor = cursor;
  }

  /** The result as a GraphQL response. */
  get text(): string {
    return (this.#text ??= resultText(this.result));
  }
}

/** A transport's end of a stream. None of its functions is called after the stream's `stop`. */
export type StreamSink = {
  /** Takes a result. False if it is the last one to be taken until the transport calls the stream's `resume`. */
  next(result: StreamedResult): boolean;
  complete(): void;
  failed(errors: readonly GraphQLFormattedError[]): void;
};

export type ResultStream = {
  /** Begins to give results, perhaps at once. Called once. */
  start(sink: StreamSink): void;
  /** The sink takes results again. */
  resume(): void;
  /** The reader leaves, or has been told these errors and gets nothing more. */
  stop(told?: readonly GraphQLFormattedError[]): void;
};

/** A stream of what is known already: of one result, or of the errors of a request that was refused. */
export function streamOfOne(
  outcome:
    | { readonly result: OperationResult }
    | { readonly errors: readonly GraphQLFormattedError[] },
): ResultStream {
  const result = 'result' in outcome ? outcome.result : { data: undefined, errors: outcome.errors };
  return {
    start(sink) {
      sink.next(new StreamedResult(result));
      sink.complete();
    },
    resume: () => undefined,
    stop: () => undefined,
  };
}
