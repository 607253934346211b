/**
 * `graphql-transport-ws` on WebSocket, by graphql-ws's protocol core: queries, mutations and subscriptions, all through
 * the same pipeline as HTTP's. The core sends a stream's next event when the last one has left, so a slow reader fills
 * its own bounded queue and nothing else; one that takes nothing at all does not answer our pings, and is cut off.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '@ordergraph/platform/logger.ts';
import {
  parse,
  GraphQLError,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { codeOf, refusal } from '../errors.ts';
import { StreamFailed } from '../event-stream.ts';
import type { Identify } from '../identity.ts';
import type { Pipeline, RequestOrigin } from '../pipeline.ts';
import { isRecord, operationRequest, type Caller } from '../request.ts';
import type { ResultStream } from '../subscriptions.ts';
import { traceFrom } from '../trace.ts';
import { originAllowed } from './origins.ts';

export type WebSocketTransportParts = {
  readonly path: string;
  readonly pipeline: Pipeline;
  readonly identify: Identify;
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
  readonly allowedOrigins: readonly string[];
  readonly frameLimitBytes: number;
};

export type WebSocketTransport = {
  /** Closes every socket with 1001, and cuts off those that do not answer. */
  close(): Promise<void>;
};

const pingIntervalMs = 12_000;
const closeTimeoutMs = 1_000;
/** What may wait in a socket of many streams before it is cut off. */
const bufferedMaxBytes = 8 * 1024 * 1024;

type Connection = {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  caller?: Caller;
};

export function serveWebSocket(server: Server, parts: WebSocketTransportParts): WebSocketTransport {
  const { path, pipeline, logger } = parts;
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: parts.frameLimitBytes,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });
  const protocol = makeServer<Record<string, unknown> | undefined, Connection>({
    async onConnect({ connectionParams, extra }) {
      try {
        extra.caller = await parts.identify(authorizationIn(connectionParams, extra.request));
        return true;
      } catch (error) {
        const unavailable = codeOf(refusal(error, logger)) === 'SERVICE_UNAVAILABLE';
        extra.socket.close(
          unavailable ? 1013 : 4401,
          unavailable ? 'Try again later' : 'Unauthorized',
        );
        return false;
      }
    },
    // The core runs what it is given here, at once and for nothing; the operation itself runs in `onOperation`.
    onSubscribe: () => ({ schema: parts.schema, ...placeholder }),
    execute: () => ({}),
    onOperation: async ({ extra }, _id, payload) => {
      const outcome = await performed(payload, extra);
      if (outcome.kind === 'result') return executionResult(outcome.result);
      return generator(outcome.kind === 'stream' ? outcome.stream : refused(outcome.errors));
    },
    onError: (_context, _id, _payload, errors) => publicErrors(errors),
  });

  const performed = async (payload: SubscribePayload, { caller, request }: Connection) => {
    try {
      if (!caller) throw new Error('an operation before the connection was accepted');
      const operation = operationRequest(payload);
      const traceparent = payload.extensions?.['traceparent'] ?? request.headers['traceparent'];
      const trace = traceFrom(typeof traceparent === 'string' ? traceparent : undefined);
      const origin: RequestOrigin = { caller, trace };
      return await pipeline.run(operation, origin, {
        transport: 'websocket',
        operationTypes: ['query', 'mutation', 'subscription'],
      });
    } catch (error) {
      return { kind: 'refused' as const, errors: refusal(error, logger) };
    }
  };

  sockets.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    socket.on('error', (error) => logger.debug({ err: error }, 'websocket error'));
    const beat = keepAlive(socket);
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => sent(socket, text),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (listener) =>
          socket.on('message', (data: RawData) => {
            listener(Buffer.isBuffer(data) ? data.toString('utf8') : '').catch((error: unknown) => {
              logger.error({ err: error }, 'websocket message failed');
              socket.close(4500, 'Internal server error');
            });
          }),
      },
      { socket, request },
    );
    socket.once('close', (code, reason) => {
      clearInterval(beat);
      void closed(code, String(reason));
    });
  });

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url?.split('?', 1)[0] !== path) return refuseUpgrade(socket, '404 Not Found');
    if (!originAllowed(request.headers, parts.allowedOrigins)) {
      return refuseUpgrade(socket, '403 Forbidden');
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      sockets.emit('connection', accepted, request);
    });
  };
  server.on('upgrade', upgrade);

  return {
    async close() {
      server.off('upgrade', upgrade);
      server.on('upgrade', (_request, socket) => refuseUpgrade(socket, '503 Service Unavailable'));
      const closed = Promise.all(
        [...sockets.clients].map(
          (socket) => new Promise((resolve) => socket.once('close', resolve)),
        ),
      );
      for (const socket of sockets.clients) socket.close(1001, 'Going away');
      const cutOff = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, closeTimeoutMs);
      await closed;
      clearTimeout(cutOff);
    },
  };
}

/**
 * The protocol core wants a document of its own to tell streams from single results. Ours are told apart by the
 * pipeline, after the limits were checked, so it is given one that never reads the client's text.
 */
const placeholder = { document: parse('{ __typename }') };

function authorizationIn(parameters: unknown, request: IncomingMessage): string | undefined {
  const given = isRecord(parameters)
    ? (parameters['Authorization'] ?? parameters['authorization'])
    : undefined;
  return typeof given === 'string' ? given : request.headers.authorization;
}

/** The core ends a stream with an `error` message when its generator throws. */
function generator(stream: ResultStream) {
  const iterator = {
    async next() {
      const step = await stream.next();
      return step.done ? step : { done: false as const, value: executionResult(step.value.result) };
    },
    async return() {
      await stream.return();
      return { done: true as const, value: undefined };
    },
    async throw(error: unknown): Promise<never> {
      await stream.return();
      throw error;
    },
    async [Symbol.asyncDispose]() {
      await stream.return();
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

/** A request that was refused ends like a stream that failed at once: with an `error` message. */
function refused(errors: readonly GraphQLFormattedError[]): ResultStream {
  return {
    next: () => Promise.reject(new StreamFailed(errors)),
    return: () => Promise.resolve({ done: true, value: undefined }),
  };
}

/** The core formats errors itself; ours are in their public form already and come out the same. */
function executionResult({ errors, ...result }: FormattedExecutionResult): ExecutionResult {
  if (!errors) return result;
  return {
    ...result,
    errors: errors.map(
      ({ message, path, extensions }) =>
        new GraphQLError(message, {
          ...(path ? { path } : {}),
          ...(extensions ? { extensions } : {}),
        }),
    ),
  };
}

/** What a generator threw comes wrapped by the core. */
function publicErrors([error]: readonly GraphQLError[]): readonly GraphQLFormattedError[] {
  const cause = error?.originalError;
  return cause instanceof StreamFailed
    ? cause.errors
    : [
        {
          message: 'Something went wrong on our side.',
          extensions: { code: 'INTERNAL_SERVER_ERROR' },
        },
      ];
}

function sent(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) return resolve();
    if (socket.bufferedAmount > bufferedMaxBytes) {
      socket.terminate();
      return resolve();
    }
    // An error means that the socket is going: its close ends the streams on it.
    socket.send(text, () => resolve());
  });
}

function keepAlive(socket: WebSocket): NodeJS.Timeout {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  return setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, pingIntervalMs);
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
