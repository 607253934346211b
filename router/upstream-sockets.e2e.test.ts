/** Each cell of the table in upstream-sockets.ts, against a server that does as it is told. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { verifyIdentity } from '@ordergraph/platform/identity.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { portOf } from './test/ports.ts';
import {
  createUpstreamSocket,
  type UpstreamSocket,
  type UpstreamSubscription,
  type UpstreamTiming,
} from './upstream-sockets.ts';

const secret = 'a secret of the tests, thirty-two and more';
/** Longer than anything here takes on a busy machine. */
const soon = { timeout: 15_000, interval: 5 };
const timing: UpstreamTiming = { connectMs: 300, keepAliveMs: 60_000, pongMs: 300, idleMs: 100 };

type Message = { id: string; type: string; payload: Record<string, unknown> };

let server: Server;
let port: number;
let sockets: WebSocketServer;
let acknowledges: boolean;
let attempts: number;
const received: Message[] = [];
const closings: number[] = [];
const upstreams: UpstreamSocket[] = [];

beforeEach(async () => {
  acknowledges = true;
  attempts = 0;
  received.length = 0;
  closings.length = 0;
  await listen(0);
});
afterEach(async () => {
  for (const each of upstreams.splice(0)) each.close();
  await stop();
});

async function listen(at: number): Promise<void> {
  server = createServer();
  sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    attempts += 1;
    socket.on('message', (data: Buffer) => take(socket, JSON.parse(data.toString()) as Message));
    socket.on('close', (code) => closings.push(code));
  });
  server.listen(at, '127.0.0.1');
  await once(server, 'listening');
  port = portOf(server);
}

function take(socket: WebSocket, message: Message): void {
  received.push(message);
  if (message.type === 'connection_init' && acknowledges) {
    socket.send('{"type":"connection_ack"}');
  }
}

async function stop(): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  server.closeAllConnections();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}

function send(message: unknown): void {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  for (const socket of sockets.clients) socket.send(text);
}

function upstream(more: Partial<UpstreamTiming> = {}): UpstreamSocket {
  const url = new URL(`http://127.0.0.1:${port}/graphql`);
  const one = createUpstreamSocket({ name: 'log', url }, secret, { ...timing, ...more });
  upstreams.push(one);
  return one;
}

/** A subscription, with what it was told. */
function subscription(name: string, onLost: () => void = () => undefined) {
  const told: unknown[] = [];
  const listener: UpstreamSubscription = {
    sent: () => ({
      query: `subscription { ${name} }`,
      operationName: undefined,
      variables: { a: 1 },
      extensions: { b: 2 },
    }),
    event: (payload) => told.push(payload),
    complete: () => told.push('complete'),
    refused: (errors) => told.push(errors),
    lost() {
      told.push('lost');
      onLost();
    },
  };
  return { listener, told };
}

const asked = (): string[] =>
  received
    .filter(({ type }) => type === 'subscribe')
    .map(({ payload }) => String(payload['query']));
const inAMinute = (): number => Date.now() + 60_000;

test('idle: the first subscription connects, opens the protocol with a signed identity, and is sent', async () => {
  const { listener } = subscription('a');
  upstream().subscribe(listener);
  await expect.poll(asked, soon).toEqual(['subscription { a }']);
  const [init, subscribe] = received;
  expect(init?.type).toBe('connection_init');
  expect(verifyIdentity(String(init?.payload['identity']), secret, Date.now())).toMatchObject({
    role: 'anonymous',
  });
  expect(subscribe).toEqual({
    id: expect.any(String),
    type: 'subscribe',
    payload: { query: 'subscription { a }', variables: { a: 1 }, extensions: { b: 2 } },
  });
});

test('connecting: subscriptions wait, and all go over one socket; one that is ended meanwhile does not', async () => {
  const one = upstream();
  const all = ['a', 'b', 'c'].map((name) => one.subscribe(subscription(name).listener));
  one.unsubscribe(all[1] ?? 0);
  await expect.poll(asked, soon).toEqual(['subscription { a }', 'subscription { c }']);
  expect(attempts).toBe(1);
});

test('connecting: if it fails, those who are not patient are lost at once, and the others go on waiting', async () => {
  await stop();
  const one = upstream();
  const hasty = subscription('hasty');
  const patient = subscription('patient');
  one.subscribe(hasty.listener);
  one.subscribe(patient.listener, inAMinute());
  await expect.poll(() => hasty.told, soon).toEqual(['lost']);
  expect(patient.told).toEqual([]);
  await listen(port);
  await expect.poll(asked, soon).toEqual(['subscription { patient }']);
});

test('connecting: who is patient is lost when its own time is up', async () => {
  await stop();
  const patient = subscription('patient');
  upstream().subscribe(patient.listener, Date.now() + 200);
  await expect.poll(() => patient.told, soon).toEqual(['lost']);
});

test('connecting: a subgraph that takes the connection and says nothing counts as one that is not there', async () => {
  acknowledges = false;
  const { listener, told } = subscription('a');
  upstream().subscribe(listener);
  await expect.poll(() => told, soon).toEqual(['lost']);
  expect(asked()).toEqual([]);
});

test('open: events are told, in order, until one end', async () => {
  const one = upstream();
  const a = subscription('a');
  const b = subscription('b');
  const ids = [one.subscribe(a.listener), one.subscribe(b.listener)].map(String);
  await expect.poll(asked, soon).toHaveLength(2);
  for (const n of [1, 2]) send({ id: ids[0], type: 'next', payload: { data: { n } } });
  send({ id: ids[1], type: 'error', payload: [{ message: 'no', extensions: { code: 'X' } }] });
  send({ id: ids[0], type: 'complete' });
  send({ id: ids[0], type: 'next', payload: { data: { n: 3 } } });
  send({ id: 'unknown', type: 'next', payload: { data: { n: 4 } } });
  await expect
    .poll(() => a.told, soon)
    .toEqual([{ data: { n: 1 } }, { data: { n: 2 } }, 'complete']);
  expect(b.told).toEqual([[{ message: 'no', extensions: { code: 'X' } }]]);
});

test('open: an answer without data is a refusal, and the subscription is ended', async () => {
  const { listener, told } = subscription('a');
  const id = String(upstream().subscribe(listener));
  await expect.poll(asked, soon).toHaveLength(1);
  send({ id, type: 'next', payload: { errors: [{ message: 'no' }] } });
  await expect.poll(() => told, soon).toEqual([[{ message: 'no' }]]);
  await expect.poll(() => received.at(-1), soon).toEqual({ id, type: 'complete' });
});

test('open: pings are answered', async () => {
  upstream().subscribe(subscription('a').listener);
  await expect.poll(asked, soon).toHaveLength(1);
  send({ type: 'ping', payload: { n: 1 } });
  await expect.poll(() => received.at(-1), soon).toEqual({ type: 'pong', payload: { n: 1 } });
  send(`{"type":"ping","payload":{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}}`);
  await expect.poll(() => received.at(-1), soon).toEqual({ type: 'pong' });
});

test('open: one that is ended is told nothing more, and the subgraph is told', async () => {
  const one = upstream();
  const { listener, told } = subscription('a');
  const id = one.subscribe(listener);
  one.subscribe(subscription('b').listener);
  await expect.poll(asked, soon).toHaveLength(2);
  one.unsubscribe(id);
  send({ id: String(id), type: 'next', payload: { data: {} } });
  await expect.poll(() => received.at(-1), soon).toEqual({ id: String(id), type: 'complete' });
  expect(told).toEqual([]);
});

test.each([
  ['cut', () => sockets.clients.forEach((socket) => socket.terminate())],
  ['closed as going away', () => sockets.clients.forEach((socket) => socket.close(1001))],
  ['closed as if all were well', () => sockets.clients.forEach((socket) => socket.close(1000))],
  ['stopped', () => void stop()],
  ['sent what is no message', () => send('rubbish')],
  ['sent a message of an unknown type', () => send({ type: 'start' })],
])('open: all who were sent are lost when the socket is %s', async (_how, lose) => {
  const one = upstream();
  const all = ['a', 'b'].map((name) => subscription(name));
  for (const { listener } of all) one.subscribe(listener);
  await expect.poll(asked, soon).toHaveLength(2);
  lose();
  for (const { told } of all) await expect.poll(() => told, soon).toEqual(['lost']);
});

test('open: a subgraph that does not answer our ping is lost', async () => {
  const { listener, told } = subscription('a');
  upstream({ keepAliveMs: 100 }).subscribe(listener);
  await expect.poll(asked, soon).toHaveLength(1);
  for (const socket of sockets.clients) socket.pause();
  await expect.poll(() => told, soon).toEqual(['lost']);
});

test('open: who is lost and subscribes again goes over the next socket', async () => {
  const one = upstream();
  const again = subscription('again');
  const first = subscription('first', () => one.subscribe(again.listener, inAMinute()));
  one.subscribe(first.listener);
  await expect.poll(asked, soon).toHaveLength(1);
  sockets.clients.forEach((socket) => socket.terminate());
  await expect.poll(asked, soon).toEqual(['subscription { first }', 'subscription { again }']);
  expect(first.told).toEqual(['lost']);
});

test('open: with nothing left it is closed after a while, and opened anew when it is needed', async () => {
  const one = upstream();
  one.unsubscribe(one.subscribe(subscription('a').listener));
  const id = one.subscribe(subscription('b').listener);
  await expect.poll(asked, soon).toHaveLength(1);
  one.unsubscribe(id);
  await expect.poll(() => closings, soon).toContain(1000);
  one.subscribe(subscription('c').listener);
  await expect.poll(asked, soon).toHaveLength(2);
  expect(attempts).toBe(2);
});

test('pausing: who is not patient does not wait for the end of a long pause', async () => {
  await stop();
  const one = upstream();
  one.subscribe(subscription('patient').listener, inAMinute());
  for (let i = 0; i < 8; i += 1) {
    const hasty = subscription('hasty');
    one.subscribe(hasty.listener);
    await expect.poll(() => hasty.told, soon).toEqual(['lost']);
  }
  expect(received).toEqual([]);
});

test('pausing: with nobody left to wait, no further attempt is made', async () => {
  await stop();
  const one = upstream();
  const id = one.subscribe(subscription('patient').listener, inAMinute());
  const hasty = subscription('hasty');
  one.subscribe(hasty.listener);
  await expect.poll(() => hasty.told, soon).toEqual(['lost']);
  one.unsubscribe(id);
  await listen(port);
  const other = upstream();
  other.subscribe(subscription('other').listener);
  await expect.poll(asked, soon).toEqual(['subscription { other }']);
  expect(attempts).toBe(1);
});

test('thousands that come back at once all do, over one socket', async () => {
  const one = upstream();
  for (let i = 0; i < 3_000; i += 1) one.subscribe(subscription(`s${i}`).listener);
  await expect.poll(() => asked().length, soon).toBe(3_000);
  expect(attempts).toBe(1);
});
