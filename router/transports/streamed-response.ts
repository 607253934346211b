/**
 * Writes a stream into an HTTP response that stays open. What the connection cannot take at once waits in memory, up to a
 * bound; then the stream is told to wait, until all of it has left. A connection that takes nothing for a while is given
 * up. An idle one shows that it lives.
 */
import type { ServerResponse } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';
import type { Beating, Heartbeats } from '../streams/heartbeats.ts';
import type { ResultStream, StreamedResult, StreamSink } from '../streams/result-stream.ts';
import { endUnlessStalled, stallMaxMs } from './stalled-answer.ts';

/** How a protocol writes what happens; each gives the whole text. */
export type StreamFormat = {
  readonly headers: Readonly<Record<string, string>>;
  readonly opening: string;
  readonly heartbeat: string;
  event(event: StreamedResult): string;
  failed(errors: readonly GraphQLFormattedError[]): string;
  readonly closing: string;
};

/** What may wait in one connection, in bytes, before its stream waits. */
const bufferedMaxBytes = 16 * 1024;

export type ResponseOptions = {
  readonly format: StreamFormat;
  /** Besides the format's own. */
  readonly headers: Readonly<Record<string, string>>;
  readonly heartbeats: Heartbeats;
};

/** Begins to write; returns at once. */
export function writeStream(
  response: ServerResponse,
  stream: ResultStream,
  { format, headers, heartbeats }: ResponseOptions,
): void {
  response.writeHead(200, { ...headers, ...format.headers });
  const sink = new ResponseSink(response, stream, format);
  const stopBeating = heartbeats.add(sink);
  const left = () => {
    stopBeating();
    sink.closed();
  };
  response.on('close', left);
  response.on('error', left);
  if (response.destroyed) return left();
  response.write(format.opening);
  stream.start(sink);
}

class ResponseSink implements StreamSink, Beating {
  readonly #response: ServerResponse;
  readonly #stream: ResultStream;
  readonly #format: StreamFormat;
  #isIdle = true;
  #stalled: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, stream: ResultStream, format: StreamFormat) {
    this.#response = response;
    this.#stream = stream;
    this.#format = format;
  }

  next(result: StreamedResult): boolean {
    this.#isIdle = false;
    const text = this.#format.event(result);
    const isFull = this.#response.writableLength + text.length > bufferedMaxBytes;
    if (!isFull) {
      this.#response.write(text);
      return true;
    }
    this.#stalled = setTimeout(() => this.#response.destroy(), stallMaxMs);
    // Called with an error when the connection is going; its close ends the stream.
    this.#response.write(text, (error) => {
      clearTimeout(this.#stalled);
      if (!error) this.#stream.resume();
    });
    return false;
  }

  complete(): void {
    this.#end(this.#format.closing);
  }

  failed(errors: readonly GraphQLFormattedError[]): void {
    this.#end(this.#format.failed(errors) + this.#format.closing);
  }

  beat(): void {
    const { writableEnded, writableLength } = this.#response;
    if (this.#isIdle && !writableEnded && writableLength === 0) {
      this.#response.write(this.#format.heartbeat);
    }
    this.#isIdle = true;
  }

  #end(text: string): void {
    clearTimeout(this.#stalled);
    endUnlessStalled(this.#response, text);
  }

  closed(): void {
    clearTimeout(this.#stalled);
    this.#stream.stop();
  }
}
