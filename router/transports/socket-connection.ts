/**
 * One client's connection by `graphql-transport-ws`: queries, mutations and subscriptions, all through the same pipeline as
 * HTTP's. Written by hand, as most of these connections do nothing for nearly all of their time and each costs memory.
 *
 * | state    | connection_init | subscribe   | complete           | ping | pong    | nothing in time |
 * | -------- | --------------- | ----------- | ------------------ | ---- | ------- | --------------- |
 * | new      | checking        | 4401        | ignored            | pong | ignored | 4408            |
 * | checking | 4429            | 4401        | ignored            | pong | ignored | –               |
 * | ready    | 4429            | runs it (1) | ends its operation | pong | ignored | –               |
 *
 * 1. 4409 if its id is in use; an error with THROTTLED if there are too many operations already, or what they asked for
 *    is too much to keep: both last as long as the operation does.
 *
 * - Checking ends as ready (`connection_ack`), or with 4401 for credentials that are wrong, 1013 if they cannot be checked.
 * - Anything that is no such message, or is binary, closes with 4400; a frame over the limit with 1009.
 * - A pong brings the ping's payload back if that is short: a long one would be work for nothing.
 * - An operation ends with `complete` or `error` from us, or `complete` from the client; its id is free from then on. All
 *   end as soon as we close, whether the client answers that or not.
 *
 * What the connection cannot take at once waits in memory, up to a bound; then its streams wait, in turn, and nothing more
 * is read from the client until it has read what waits. One that does not answer our pings is cut off.
 */
import type { Duplex } from 'node:stream';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { fault } from '@ordergraph/platform/errors.ts';
import type { GraphQLFormattedError } from 'graphql';
import type { RawData, WebSocket } from 'ws';
import { codeOf, refusal } from '../errors.ts';
import type { Outcome, Pipeline } from '../pipeline.ts';
import { refusedRequest } from '../refused-request.ts';
import { isRecord, operationRequest, type Caller } from '../request.ts';
import { resultText } from '../result.ts';
import type { Beating } from '../streams/heartbeats.ts';
import type { ResultStream, StreamedResult, StreamSink } from '../streams/result-stream.ts';
import type { Telemetry } from '../telemetry.ts';
import { traceFrom } from '../trace.ts';
import { parsedJson } from './json-text.ts';
import { writeTextFrame } from './text-frame.ts';

export type SocketHost = {
  readonly pipeline: Pipeline;
  readonly telemetry: Pick<Telemetry, 'request' | 'socketRefused'>;
  readonly logger: Logger;
  /** How long a client may take to send its first message, in milliseconds. */
  readonly initTimeoutMs: number;
  /** Operations that one connection may have at once. */
  readonly operationsMax: number;
  /** The longest message that is read. */
  readonly frameLimitBytes: number;
};

/** What the client brought when it connected. */
export type SocketOpening = {
  /** Reads the payload of `connection_init`. */
  identify(payload: Readonly<Record<string, unknown>>): Promise<Caller>;
  /** What the client calls itself there, or in its headers. */
  clientName(payload: Readonly<Record<string, unknown>>): string;
  readonly traceparent: string | undefined;
  readonly wire: Duplex;
};

/** What may wait in a connection, in bytes, before its streams wait. */
const bufferedMaxBytes = 16 * 1024;
/** What may wait when something more is to be sent that cannot wait itself: the result of a query, for example. */
const cutOffBytes = 8 * 1024 * 1024;

/** What the open operations of a connection have asked for may be as long, in all, as this many of the longest messages. */
const heldFramesMax = 4;
/** Longer ids are none: each event of an operation repeats its id. */
const idCharactersMax = 256;
/** A ping that is longer is answered without its payload. As WebSocket's own pings may have 125 bytes, this is ample. */
const pingMaxBytes = 1_024;

/** The protocol's codes for closing, and 1013, which WebSocket has for "try again later". */
const closeReasons = {
  1013: 'Try again later',
  4400: 'Invalid message',
  4401: 'Unauthorized',
  4408: 'Connection initialisation timeout',
  4409: 'Subscriber already exists',
  4429: 'Too many initialisation requests',
} as const;

export class SocketConnection implements Beating {
  readonly #socket: WebSocket;
  /** What the socket's frames go over. */
  readonly #wire: Duplex;
  readonly #host: SocketHost;
  readonly #operations = new Map<string, SocketOperation>();
  /** Streams that wait for the socket, in turn. */
  readonly #waiting = new Set<SocketOperation>();
  readonly #traceparent: string | undefined;
  #opening: SocketOpening | undefined;
  #initTimer: NodeJS.Timeout | undefined;
  #isInitialised = false;
  #caller: Caller | undefined;
  #client = '';
  #isFull = false;
  #hasAnswered = true;
  /** What the open operations have asked for, in bytes. */
  #heldBytes = 0;

  constructor(socket: WebSocket, host: SocketHost, opening: SocketOpening) {
    this.#socket = socket;
    this.#wire = opening.wire;
    this.#host = host;
    this.#opening = opening;
    this.#traceparent = opening.traceparent;
    this.#initTimer = setTimeout(() => this.#close(4408), host.initTimeoutMs);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => {
      this.#hasAnswered = true;
    });
  }

  beat(): void {
    if (!this.#hasAnswered) return this.#socket.terminate();
    this.#hasAnswered = false;
    this.#socket.ping();
  }

  /** To be called when the socket is closed; it may be so already. */
  closed(): void {
    clearTimeout(this.#initTimer);
    const operations = [...this.#operations.values()];
    this.#operations.clear();
    this.#waiting.clear();
    for (const operation of operations) operation.abandon();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const bytes = isBinary || !Buffer.isBuffer(data) ? undefined : data;
    const message = bytes && parsed(bytes.toString('utf8'));
    const size = bytes?.length ?? 0;
    switch (message?.['type']) {
      case 'connection_init':
        return void this.#initialise(message['payload']);
      case 'subscribe':
        return this.#subscribe(message['id'], message['payload'], size);
      case 'complete':
        return this.#complete(message['id']);
      case 'ping':
        return this.#pong(size > pingMaxBytes ? undefined : message['payload']);
      case 'pong':
        return undefined;
      default:
        return this.#close(4400);
    }
  }

  async #initialise(payload: unknown): Promise<void> {
    const opening = this.#opening;
    if (this.#isInitialised || !opening) {
      return this.#close(4429);
    }
    if (payload !== undefined && payload !== null && !isRecord(payload)) {
      return this.#close(4400);
    }
    this.#isInitialised = true;
    clearTimeout(this.#initTimer);
    this.#initTimer = undefined;
    this.#opening = undefined;
    try {
      const caller = await opening.identify(payload ?? {});
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      this.#caller = caller;
      this.#client = opening.clientName(payload ?? {});
      this.send('{"type":"connection_ack"}');
    } catch (error) {
      const isUnavailable = codeOf(refusal(error, this.#host.logger)) === 'SERVICE_UNAVAILABLE';
      this.#close(isUnavailable ? 1013 : 4401);
    }
  }

  #subscribe(id: unknown, payload: unknown, size: number): void {
    if (!isId(id) || !isRecord(payload)) return this.#close(4400);
    const caller = this.#caller;
    if (!caller) return this.#close(4401);
    if (this.#operations.has(id)) {
      return this.#close(4409);
    }
    const operation = new SocketOperation(this, { id, size });
    if (!this.#hasRoomFor(size)) {
      const error = fault(
        'THROTTLED',
        'There are too many operations on this connection.',
      ).toJSON();
      this.#refused([error]);
      return this.send(operation.errorMessage([error]));
    }
    this.#operations.set(id, operation);
    this.#heldBytes += size;
    void this.#run(operation, payload, caller);
  }

  #hasRoomFor(size: number): boolean {
    const { operationsMax, frameLimitBytes } = this.#host;
    return (
      this.#operations.size < operationsMax &&
      this.#heldBytes + size <= frameLimitBytes * heldFramesMax
    );
  }

  async #run(
    operation: SocketOperation,
    payload: Readonly<Record<string, unknown>>,
    caller: Caller,
  ): Promise<void> {
    const outcome = await this.#outcome(payload, caller);
    if (outcome.kind !== 'stream') return operation.finish(outcome);
    operation.begin(outcome.stream);
  }

  async #outcome(payload: Readonly<Record<string, unknown>>, caller: Caller): Promise<Outcome> {
    try {
      const extensions = payload['extensions'];
      const own = isRecord(extensions) ? extensions['traceparent'] : undefined;
      const trace = traceFrom(typeof own === 'string' ? own : this.#traceparent);
      return await this.#host.pipeline.run(
        operationRequest(payload),
        { caller, trace, client: this.#client },
        { transport: 'websocket', operationTypes: ['query', 'mutation', 'subscription'] },
      );
    } catch (error) {
      const errors = refusal(error, this.#host.logger);
      this.#refused(errors);
      return { kind: 'refused', errors };
    }
  }

  /** An operation that the pipeline has not seen. */
  #refused(errors: readonly GraphQLFormattedError[]): void {
    this.#host.telemetry.request(
      refusedRequest({
        transport: 'websocket',
        trace: traceFrom(this.#traceparent),
        partner: this.#caller?.partner?.name,
        client: this.#client,
        errors,
        seconds: 0,
      }),
    );
  }

  #complete(id: unknown): void {
    if (typeof id !== 'string') return this.#close(4400);
    const operation = this.#operations.get(id);
    if (!operation) return;
    this.forget(operation);
    operation.abandon();
  }

  #pong(payload: unknown): void {
    this.send(isRecord(payload) ? JSON.stringify({ type: 'pong', payload }) : '{"type":"pong"}');
  }

  /** Whether it is still one of ours: the client may have ended it. */
  has(operation: SocketOperation): boolean {
    return this.#operations.get(operation.id) === operation;
  }

  forget(operation: SocketOperation): void {
    if (this.#operations.delete(operation.id)) this.#heldBytes -= operation.size;
    this.#waiting.delete(operation);
  }

  send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const bufferedBytes = this.#wire.writableLength;
    if (bufferedBytes > cutOffBytes) return this.#socket.terminate();
    const fits = bufferedBytes + text.length <= bufferedMaxBytes;
    if (fits && !this.#isFull) return writeTextFrame(this.#wire, text);
    if (!this.#isFull) this.#socket.pause();
    this.#isFull = true;
    // Called with an error when the socket is going; its close ends the operations.
    writeTextFrame(this.#wire, text, (error) => {
      if (!error) this.#flushed();
    });
  }

  /** Sends for a stream; false if the stream must wait now. */
  sendFor(operation: SocketOperation, text: string): boolean {
    this.send(text);
    if (this.#isFull) this.#waiting.add(operation);
    return !this.#isFull;
  }

  #flushed(): void {
    // Answers that were under way may have been written behind the one that filled it.
    if (!this.#isFull || this.#wire.writableLength > bufferedMaxBytes) return;
    this.#isFull = false;
    this.#socket.resume();
    for (const operation of this.#waiting) {
      this.#waiting.delete(operation);
      operation.resume();
      // It has filled the socket, and waits behind the others.
      if (this.#isFull) return;
    }
  }

  #close(code: keyof typeof closeReasons): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#host.telemetry.socketRefused(code);
    this.#socket.close(code, closeReasons[code]);
    this.closed();
  }
}

/** One operation of a connection, until it ends one way or the other. */
class SocketOperation implements StreamSink {
  readonly id: string;
  /** Of the message that asked for it, in bytes. */
  readonly size: number;
  readonly #connection: SocketConnection;
  #stream: ResultStream | undefined;

  constructor(
    connection: SocketConnection,
    { id, size }: { readonly id: string; readonly size: number },
  ) {
    this.#connection = connection;
    this.id = id;
    this.size = size;
  }

  begin(stream: ResultStream): void {
    if (!this.#connection.has(this)) return stream.stop();
    this.#stream = stream;
    stream.start(this);
  }

  finish(outcome: Exclude<Outcome, { kind: 'stream' }>): void {
    if (!this.#connection.has(this)) return;
    if (outcome.kind === 'refused') return this.failed(outcome.errors);
    this.#connection.send(this.#nextMessage(resultText(outcome.result)));
    this.complete();
  }

  resume(): void {
    this.#stream?.resume();
  }

  /** The client does not want it any more. */
  abandon(): void {
    this.#stream?.stop();
  }

  next({ text }: StreamedResult): boolean {
    return this.#connection.sendFor(this, this.#nextMessage(text));
  }

  complete(): void {
    this.#connection.forget(this);
    this.#connection.send(`{"id":${JSON.stringify(this.id)},"type":"complete"}`);
  }

  failed(errors: readonly GraphQLFormattedError[]): void {
    this.#connection.forget(this);
    this.#connection.send(this.errorMessage(errors));
  }

  errorMessage(errors: readonly GraphQLFormattedError[]): string {
    return JSON.stringify({ id: this.id, type: 'error', payload: errors });
  }

  #nextMessage(result: string): string {
    return `{"id":${JSON.stringify(this.id)},"type":"next","payload":${result}}`;
  }
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= idCharactersMax;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const message = parsedJson(text);
    return isRecord(message) ? message : undefined;
  } catch {
    return undefined;
  }
}
