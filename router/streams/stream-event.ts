/** One event of a subscription, as it came from the subgraph, for all streams that share the subscription. */
import type { PlannedOperation } from '../operations.ts';
import { isRecord } from '../request.ts';
import { parsedAnswer, type SubgraphAnswer } from '../subgraph-requests.ts';
import type { StreamedResult } from './result-stream.ts';

/** A result that several streams wait for. It depends on their operation and on the values of their variables. */
type SharedResult = {
  readonly operation: PlannedOperation;
  readonly variables: string;
  readonly result: Promise<StreamedResult>;
};

export class StreamEvent {
  readonly cursor: string | undefined;
  /** The message whose `payload` is the event. While events wait they are kept as this alone. */
  readonly #message: string;
  #payload: unknown;
  readonly #results: SharedResult[] | undefined;

  /** @param isShared whether more than one stream gets it */
  constructor(
    message: string,
    payload: unknown,
    about: { readonly cursor: string | undefined; readonly isShared: boolean },
  ) {
    this.#message = message;
    this.#payload = payload;
    this.cursor = about.cursor;
    this.#results = about.isShared ? [] : undefined;
  }

  get length(): number {
    return this.#message.length;
  }

  /** Gives up what can be read from the message again. */
  putAside(): void {
    this.#payload = undefined;
  }

  /** The event as an answer to the plan's primary fetch, each time a new one: executors fill it. */
  answer(): SubgraphAnswer {
    const payload = this.#payload ?? payloadIn(this.#message);
    this.#payload = undefined;
    return parsedAnswer(payload);
  }

  /** The result of the same operation with the same variables, made once. */
  result(
    operation: PlannedOperation,
    variables: () => string,
    make: () => Promise<StreamedResult>,
  ): Promise<StreamedResult> {
    if (!this.#results) return make();
    const text = variables();
    const known = this.#results.find(
      (one) => one.operation === operation && one.variables === text,
    );
    if (known) return known.result;
    const result = make();
    this.#results.push({ operation, variables: text, result });
    return result;
  }
}

function payloadIn(message: string): unknown {
  const envelope: unknown = JSON.parse(message);
  return isRecord(envelope) ? envelope['payload'] : undefined;
}
