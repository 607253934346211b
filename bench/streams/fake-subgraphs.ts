/**
 * Two subgraphs as cheap as can be, in a process of their own: what is measured is the router, and whatever they use is
 * taken from it on a small machine. One streams orders' statuses to as many as ask, and the other answers for the orders'
 * payments. They speak the protocols in full and answer what they are asked, and know nothing of GraphQL beyond the two
 * operations of this benchmark.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { answerCalls } from './messages.ts';

type Subscription = { readonly socket: WebSocket; readonly id: string; version: number };

const subscriptions = new Map<string, Subscription>();
let entityRequests = 0;
let entities = 0;

/** The second and later versions of an order are changes; `padding` makes them long. */
function sendChange(orderId: string, padding = ''): void {
  const subscription = subscriptions.get(orderId);
  if (!subscription) return;
  subscription.version += 1;
  const { socket, id, version } = subscription;
  const cursor = `${orderId}:${version}`;
  const status = version === 1 ? 'PLACED' : 'CONFIRMED';
  const note = padding === '' ? '' : `"note":"${padding}",`;
  socket.send(
    `{"id":"${id}","type":"next","payload":{"data":{"orderStatusChanged":{"cursor":"${cursor}","status":"${status}",` +
      `"version":${version},"occurredAt":"${new Date().toISOString()}","snapshot":${version === 1},${note}` +
      `"order":{"__typename":"Order","id":"${orderId}"},"routerCursor":"${cursor}"}}}}`,
  );
}

function serveStreams(socket: WebSocket): void {
  const orders = new Map<string, string>();
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString());
    if (message.type === 'connection_init') socket.send('{"type":"connection_ack"}');
    if (message.type === 'complete') {
      subscriptions.delete(orders.get(message.id) ?? '');
      orders.delete(message.id);
    }
    if (message.type !== 'subscribe') return;
    const orderId = String(message.payload.variables.id);
    orders.set(message.id, orderId);
    subscriptions.set(orderId, { socket, id: message.id, version: 0 });
    sendChange(orderId);
  });
  socket.on('close', () => {
    for (const orderId of orders.values()) subscriptions.delete(orderId);
  });
}

type Operation = { variables: { representations: { id: string }[] } };

function answerTo({ variables }: Operation): string {
  const found = variables.representations.map(({ id }) => {
    entities += 1;
    return `{"payment":{"status":"CAPTURED","capturedMinor":${1000 + (id.length % 7)},"currencyCode":"GBP"}}`;
  });
  return `{"data":{"_entities":[${found.join(',')}]}}`;
}

function answerEntities(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    entityRequests += 1;
    const body: Operation | Operation[] = JSON.parse(Buffer.concat(chunks).toString());
    const answer = Array.isArray(body) ? `[${body.map(answerTo).join(',')}]` : answerTo(body);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(answer);
  });
}

const order = createServer((_request, response) => response.end('{}'));
const sockets = new WebSocketServer({ server: order, perMessageDeflate: false });
const wires = new Set<Socket>();
sockets.on('connection', (socket, { socket: wire }) => {
  wires.add(wire);
  socket.on('close', () => wires.delete(wire));
  serveStreams(socket);
});
const payment = createServer(answerEntities);
payment.keepAliveTimeout = 60_000;
const listening = (server: typeof order) =>
  new Promise<string>((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve(`http://127.0.0.1:${port}/graphql`);
    }),
  );
const urls = { order: await listening(order), payment: await listening(payment) };

const calls = {
  urls: (): typeof urls => urls,
  subscriptions: (): number => subscriptions.size,
  /** One change of each of these orders; of all if none are named. Gives when it began, by the wall clock in ms. */
  change({
    orderIds,
    paddingBytes,
  }: {
    orderIds?: readonly string[];
    paddingBytes?: number;
  }): number {
    const startedAtMs = performance.timeOrigin + performance.now();
    const padding = 'x'.repeat(paddingBytes ?? 0);
    for (const wire of wires) wire.cork();
    for (const orderId of orderIds ?? subscriptions.keys()) sendChange(orderId, padding);
    for (const wire of wires) wire.uncork();
    return startedAtMs;
  },
  counts: () => ({ entityRequests, entities }),
};
export type FakeSubgraphCalls = typeof calls;
answerCalls(calls);
