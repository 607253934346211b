/** Takes over upgrades to WebSocket: which are let in, how many, and what becomes of them when the router stops. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { WebSocketServer, type WebSocket } from 'ws';
import { credentialsIn, type IdentifyCaller } from '../partners/credentials.ts';
import type { Pipeline } from '../pipeline.ts';
import type { ClientAddress } from '../rate-limit/client-address.ts';
import { Heartbeats } from '../streams/heartbeats.ts';
import type { Telemetry } from '../telemetry.ts';
import { clientName, clientNameIn } from '../usage/client-name.ts';
import { originAllowed } from './origins.ts';
import { SocketConnection, type SocketHost, type SocketOpening } from './socket-connection.ts';

export type WebSocketTransportParts = {
  readonly path: string;
  readonly pipeline: Pipeline;
  readonly identify: IdentifyCaller;
  readonly clientAddress: ClientAddress;
  readonly telemetry: Pick<Telemetry, 'request' | 'socketRefused'>;
  readonly logger: Logger;
  readonly allowedOrigins: readonly string[];
  readonly frameLimitBytes: number;
  readonly socketsMax: number;
  /** Operations that one connection may have at once. */
  readonly operationsMax: number;
  /** How long a client may take to send its first message, in milliseconds. */
  readonly initTimeoutMs: number;
  /** How often each is asked whether it lives, in milliseconds. */
  readonly pingMs: number;
};

export type WebSocketTransport = {
  /** Closes every socket with 1001, and cuts off those that do not answer. */
  close(): Promise<void>;
};

const subprotocol = 'graphql-transport-ws';
const closeTimeoutMs = 1_000;

export function serveWebSocket(server: Server, parts: WebSocketTransportParts): WebSocketTransport {
  const { path, telemetry, logger, socketsMax } = parts;
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: parts.frameLimitBytes,
    handleProtocols: (protocols) => (protocols.has(subprotocol) ? subprotocol : false),
  });
  const heartbeats = new Heartbeats(parts.pingMs);
  const host: SocketHost = parts;

  sockets.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    socket.on('error', (error) => {
      logger.debug({ err: error }, 'websocket error');
      const code = closeCodeFor(error);
      if (code !== undefined) telemetry.socketRefused(code);
    });
    if (socket.protocol !== subprotocol) {
      telemetry.socketRefused(4406);
      socket.close(4406, 'Subprotocol not acceptable');
      return;
    }
    const connection = new SocketConnection(socket, host, opening(request, parts));
    const stopBeating = heartbeats.add(connection);
    socket.on('close', () => {
      stopBeating();
      connection.closed();
    });
  });

  const refuse = (socket: Duplex, status: string) => {
    telemetry.socketRefused(Number.parseInt(status, 10));
    refuseUpgrade(socket, status);
  };
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url?.split('?', 1)[0] !== path) return refuse(socket, '404 Not Found');
    if (!originAllowed(request.headers, parts.allowedOrigins)) {
      return refuse(socket, '403 Forbidden');
    }
    if (sockets.clients.size >= socketsMax) {
      return refuse(socket, '503 Service Unavailable');
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      sockets.emit('connection', accepted, request);
    });
  };
  server.on('upgrade', upgrade);

  return {
    async close() {
      server.off('upgrade', upgrade);
      server.on('upgrade', (_request, socket) => refuse(socket, '503 Service Unavailable'));
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

/** Keeps of the request only what will be asked for: it is large, and connections are many and long. */
function opening(
  { headers, socket }: IncomingMessage,
  { identify, clientAddress }: WebSocketTransportParts,
): SocketOpening {
  const address = clientAddress(socket.remoteAddress, headers['x-forwarded-for']);
  const { authorization, traceparent, 'x-api-key': apiKey } = headers;
  const inHeaders = { authorization, apiKey: Array.isArray(apiKey) ? apiKey.join() : apiKey };
  const client = clientName(headers);
  return {
    identify: async (payload) => ({
      ...(await identify(credentialsIn(payload, inHeaders))),
      address,
    }),
    clientName: (payload) => clientNameIn(payload, client),
    wire: socket,
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
  };
}

/** With which code the library closes a socket after a fault of its client; undefined for other faults. */
function closeCodeFor(error: Error): number | undefined {
  const fault = 'code' in error ? String(error.code) : '';
  if (fault === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 1009;
  if (fault === 'WS_ERR_INVALID_UTF8') return 1007;
  return fault.startsWith('WS_ERR_') ? 1002 : undefined;
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
