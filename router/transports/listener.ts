/**
 * The HTTP server. Requests for the GraphQL path go through a door of their own; the others, of which there are few, have a
 * framework. Bodies come as bytes, within a limit, and whatever the server refuses by itself is JSON too.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Logger } from '@ordergraph/platform/logger.ts';
import fastify, { type FastifyInstance } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import { refusedRequest } from '../refused-request.ts';
import type { Telemetry } from '../telemetry.ts';
import {
  errorBody,
  errorOf,
  HttpRefusal,
  jsonType,
  thrownAnswer,
  writeAnswer,
  type HttpAnswer,
} from './http-answer.ts';
import type { HttpDoor } from './http.ts';

/** How long a client may take to send a request, in milliseconds. */
const requestTimeoutMs = 30_000;
/** Longer than the load balancers in front keep a connection, or they would meet one that is closing. */
const keepAliveTimeoutMs = 75_000;
/** How often a closing server looks for connections that have become idle, in milliseconds. */
const idleCheckMs = 50;
/** How long a closing server waits for readers that do not read, in milliseconds. */
const cutOffMs = 10_000;

/** What Node calls requests that it gives up before anybody else sees them. */
const statusByFault: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

export type ListenerParts = {
  readonly door: HttpDoor;
  readonly bodyLimitBytes: number;
  readonly telemetry: Pick<Telemetry, 'request'>;
  readonly logger: Logger;
};

export function createListener({
  door,
  bodyLimitBytes,
  telemetry,
  logger,
}: ListenerParts): FastifyInstance {
  const told = (refusal: GraphQLFormattedError, status: number): void =>
    telemetry.request(
      refusedRequest({
        transport: 'http',
        trace: undefined,
        client: '',
        errors: [refusal],
        seconds: 0,
        status,
      }),
    );
  const app = fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    serverFactory: (others) =>
      serverOf((request, response) => {
        if (hasHost(request)) return door(request, response);
        writeAnswer(response, noHost, {});
        told(errorOf('The request is not well formed.', 'BAD_REQUEST'), noHost.status);
        return true;
      }, others),
    forceCloseConnections: 'idle',
    // What comes by a connection that is still open is answered, and the connection then closed.
    return503OnClosing: false,
    clientErrorHandler(error, socket) {
      if (!socket.writable) return socket.destroy();
      const status = statusByFault[error.code] ?? '400 Bad Request';
      const refusal = errorOf('The request is not well formed.', 'BAD_REQUEST');
      const body = JSON.stringify({ errors: [refusal] });
      socket.end(
        `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
          `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
      told(refusal, Number.parseInt(status, 10));
      return undefined;
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, _request, reply) => {
    const { status, headers, text } = thrownAnswer(refusalIn(error) ?? error, logger);
    return reply.code(status).headers(headers).send(text);
  });
  app.setNotFoundHandler(() => {
    throw new HttpRefusal(404, 'There is nothing here.');
  });
  return app;
}

function serverOf(door: HttpDoor, others: RequestListener): Server {
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      // Node's own refusal would be no JSON.
      requireHostHeader: false,
      // Of headers that come twice one would be dropped in silence, and a proxy before us may have believed the other.
      joinDuplicateHeaders: true,
      // Some clients offer HTTP/2 with every first request; we go on as if they had not.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    (request, response) => {
      if (!server.listening) response.setHeader('connection', 'close');
      if (!door(request, response)) others(request, response);
    },
  );
  return server;
}

const noHost: HttpAnswer = {
  status: 400,
  headers: { 'content-type': jsonType, connection: 'close' },
  text: errorBody('The request is not well formed.', 'BAD_REQUEST'),
};

function hasHost({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host !== undefined || httpVersion === '1.0';
}

/** A client's error that the framework found, for example a body over the limit. */
function refusalIn(error: unknown): HttpRefusal | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  const { statusCode } = error;
  if (statusCode === 413) return new HttpRefusal(413, 'The body is too large.');
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
    ? new HttpRefusal(statusCode, 'The request is not well formed.')
    : undefined;
}

/**
 * Takes no new connection, and resolves when the last one has ended. Connections that become idle meanwhile are closed:
 * clients would keep them open for a next request. Those that take no answer are cut off after a while.
 */
export async function closeListener(app: FastifyInstance): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), idleCheckMs);
  const cutOff = setTimeout(() => app.server.closeAllConnections(), cutOffMs);
  await app.close().finally(() => {
    clearInterval(idle);
    clearTimeout(cutOff);
  });
}
