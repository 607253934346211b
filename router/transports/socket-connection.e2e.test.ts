/** Each cell of the table in socket-connection.ts, over raw sockets, and the bounds of a connection. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestRouter } from '../test/router.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;
const open: { terminate(): void }[] = [];

beforeAll(async () => {
  world = await startTestRouter({
    SOCKET_INIT_TIMEOUT_MS: '400',
    SOCKET_OPERATIONS_MAX: '3',
    STREAM_QUEUE_MAX: '5',
  });
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.terminate();
  await expectSubscriptions(0);
});
afterAll(() => world.stop());

/** Longer than anything here takes on a busy machine. */
const soon = { timeout: 15_000, interval: 5 };

async function expectSubscriptions(count: number): Promise<void> {
  await expect.poll(() => world.order.subscriptions(), soon).toBe(count);
}

type Message = { id?: string; type: string; payload?: unknown };

async function connection({ url = world.url, protocol = 'graphql-transport-ws' } = {}) {
  const socket = new WebSocket(url.replace('http', 'ws'), protocol === '' ? [] : protocol);
  open.push(socket);
  const messages: Message[] = [];
  let closed: [number, string] | undefined;
  let wire: Duplex | undefined;
  socket.on('upgrade', (response) => {
    wire = response.socket;
  });
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as Message));
  socket.on('close', (code, reason) => {
    closed = [code, reason.toString()];
  });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  const send = (...sent: readonly unknown[]): void => {
    // In one piece: what is answered later finds all of it there.
    wire?.cork();
    for (const one of sent) socket.send(typeof one === 'string' ? one : JSON.stringify(one));
    wire?.uncork();
  };
  return {
    socket,
    messages,
    send,
    got: () => messages,
    /** With what it was closed. */
    end: () => closed,
  };
}

async function ready(options?: { url?: string }) {
  const one = await connection(options);
  one.send(init);
  await expect.poll(one.got, soon).toMatchObject([{ type: 'connection_ack' }]);
  one.messages.length = 0;
  return one;
}

const init = { type: 'connection_init' };
const ack = { type: 'connection_ack' };
const ping = { type: 'ping', payload: { a: 1 } };
const pong = { type: 'pong', payload: { a: 1 } };
let orders = 0;
const subscription = (id: string) => ({
  id,
  type: 'subscribe',
  payload: {
    query: 'subscription ($id: ID!) { orderStatusChanged(orderId: $id) { cursor padding } }',
    variables: { id: `order-${(orders += 1)}` },
  },
});
const ask = (id: string, query = '{ viewer }') => ({ id, type: 'subscribe', payload: { query } });
const change = (cursor: string, padding = 'x') => ({
  orderStatusChanged: { cursor, status: 'PLACED', order: { id: '1' }, padding },
});
const next = (id: string, cursor: string) => ({
  id,
  type: 'next',
  payload: { data: { orderStatusChanged: { cursor } } },
});

test('new: connection_init is answered with connection_ack, with a payload or without', async () => {
  for (const payload of [undefined, null, {}, { Authorization: '' }]) {
    const one = await connection();
    one.send({ ...init, payload });
    await expect.poll(one.got, soon).toMatchObject([ack]);
  }
});

test('new: an operation closes with 4401', async () => {
  const one = await connection();
  one.send(subscription('1'));
  await expect.poll(one.end, soon).toEqual([4401, 'Unauthorized']);
});

test('new: ping is answered, pong and complete are ignored', async () => {
  const one = await connection();
  one.send(ping, { type: 'ping' }, { type: 'pong' }, { id: '1', type: 'complete' }, init);
  await expect.poll(one.got, soon).toMatchObject([pong, { type: 'pong' }, ack]);
});

test('new: a connection that says nothing in time is closed with 4408', async () => {
  const one = await connection();
  await expect.poll(one.end, soon).toEqual([4408, 'Connection initialisation timeout']);
});

test('checking: a second connection_init closes with 4429', async () => {
  const one = await connection();
  one.send(init, init);
  await expect.poll(one.end, soon).toEqual([4429, 'Too many initialisation requests']);
});

test('checking: an operation closes with 4401', async () => {
  const one = await connection();
  one.send(init, subscription('1'));
  await expect.poll(one.end, soon).toEqual([4401, expect.any(String)]);
});

test('checking: ping is answered, pong and complete are ignored', async () => {
  const one = await connection();
  one.send(init, ping, { type: 'pong' }, { id: '1', type: 'complete' });
  await expect.poll(one.got, soon).toMatchObject([pong, ack]);
});

test('checking: credentials that are wrong close with 4401, and with 1013 if they cannot be checked', async () => {
  const wrong = await connection();
  wrong.send({ ...init, payload: { Authorization: 'Bearer nonsense' } });
  await expect.poll(wrong.end, soon).toEqual([4401, 'Unauthorized']);
  const router = await world.start({ JWKS_FILE: '/nowhere/jwks.json' });
  const unknown = await connection({ url: router.url });
  unknown.send({ ...init, payload: { Authorization: `Bearer ${await world.tokens.token()}` } });
  await expect.poll(unknown.end, soon).toEqual([1013, 'Try again later']);
  await router.stop();
});

test('checking: the identity is that of the payload, whatever it calls the token', async () => {
  for (const name of ['Authorization', 'authorization']) {
    const one = await connection();
    const token = await world.tokens.token({ sub: name });
    one.send({ ...init, payload: { [name]: `Bearer ${token}` } });
    await expect.poll(one.got, soon).toMatchObject([ack]);
    one.send(ask('1'));
    const viewer = expect.stringContaining(`"subject":"${name}"`);
    await expect
      .poll(() => one.messages[1], soon)
      .toMatchObject({ type: 'next', payload: { data: { viewer } } });
  }
});

test('ready: a second connection_init closes with 4429', async () => {
  const one = await ready();
  one.send(init);
  await expect.poll(one.end, soon).toEqual([4429, expect.any(String)]);
});

test('ready: operations run side by side, and each ends by itself', async () => {
  const one = await ready();
  one.send(subscription('a'), ask('b'), ask('c', '{ nothing }'));
  await expectSubscriptions(1);
  await expect
    .poll(() => one.messages.toSorted((x, y) => `${x.id}`.localeCompare(`${y.id}`)), soon)
    .toMatchObject([
      { id: 'b', type: 'next', payload: { data: { viewer: expect.any(String) } } },
      { id: 'b', type: 'complete' },
      {
        id: 'c',
        type: 'error',
        payload: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
      },
    ]);
  one.messages.length = 0;
  world.order.publish(change('1'));
  await expect.poll(one.got, soon).toMatchObject([next('a', '1')]);
  world.order.complete();
  await expect.poll(one.got, soon).toMatchObject([next('a', '1'), { id: 'a', type: 'complete' }]);
});

test('ready: an id that is in use closes with 4409', async () => {
  const one = await ready();
  one.send(subscription('a'), subscription('a'));
  await expect.poll(one.end, soon).toEqual([4409, 'Subscriber already exists']);
});

test('ready: an id is free again when its operation has ended, whoever ended it', async () => {
  const one = await ready();
  one.send(subscription('a'));
  await expectSubscriptions(1);
  one.send({ id: 'a', type: 'complete' }, ask('a'));
  await expect.poll(one.got, soon).toMatchObject([
    { id: 'a', type: 'next' },
    { id: 'a', type: 'complete' },
  ]);
  await expectSubscriptions(0);
  one.send(ask('a', '{'));
  await expect.poll(() => one.messages.at(-1), soon).toMatchObject({ id: 'a', type: 'error' });
  one.send(ask('a'));
  await expect.poll(() => one.messages.at(-1), soon).toMatchObject({ id: 'a', type: 'complete' });
});

test('ready: an operation that is ended before it has begun is not begun, and tells nothing', async () => {
  const one = await ready();
  const unseen = 'subscription { orderStatusChanged(orderId: "unseen") { cursor status } }';
  one.send(ask('a', unseen), { id: 'a', type: 'complete' }, ask('b'));
  await expect.poll(one.got, soon).toMatchObject([
    { id: 'b', type: 'next' },
    { id: 'b', type: 'complete' },
  ]);
  await expectSubscriptions(0);
});

test('ready: more operations than one connection may have are refused, one by one', async () => {
  const one = await ready();
  one.send(...['a', 'b', 'c', 'd'].map(subscription));
  await expect
    .poll(one.got, soon)
    .toMatchObject([{ id: 'd', type: 'error', payload: [{ extensions: { code: 'THROTTLED' } }] }]);
  await expectSubscriptions(3);
  one.send({ id: 'a', type: 'complete' }, subscription('d'));
  await expectSubscriptions(3);
  expect(one.messages).toHaveLength(1);
});

test('ready: ping is answered; pong, and complete for an unknown id, are ignored', async () => {
  const one = await ready();
  one.send({ type: 'pong' }, { id: 'unknown', type: 'complete' }, ping);
  await expect.poll(one.got, soon).toMatchObject([pong]);
});

test.each([
  ['no JSON', '{'],
  ['no object', '[]'],
  ['null', 'null'],
  ['no type', '{}'],
  ['an unknown type', { type: 'start' }],
  ['the server’s own type', { type: 'next', id: 'a', payload: {} }],
  ['a payload of connection_init that is no object', { type: 'connection_init', payload: 'x' }],
  ['a binary frame', Buffer.from(JSON.stringify(init))],
])('new: a message that is %s closes with 4400', async (_what, message) => {
  const one = await connection();
  if (Buffer.isBuffer(message)) one.socket.send(message, { binary: true });
  else one.send(message);
  await expect.poll(one.end, soon).toEqual([4400, 'Invalid message']);
});

test.each([
  ['an operation without an id', { type: 'subscribe', payload: { query: '{ viewer }' } }],
  ['an id without end', { ...ask('x'.repeat(257)) }],
  ['an empty id', { id: '', type: 'subscribe', payload: { query: '{ viewer }' } }],
  ['an id that is a number', { id: 1, type: 'subscribe', payload: { query: '{ viewer }' } }],
  ['an operation without a payload', { id: 'a', type: 'subscribe' }],
  ['a payload that is a list', { id: 'a', type: 'subscribe', payload: [] }],
  ['a completion without an id', { type: 'complete' }],
])('ready: %s closes with 4400', async (_what, message) => {
  const one = await ready();
  one.send(message);
  await expect.poll(one.end, soon).toEqual([4400, 'Invalid message']);
});

test.each([
  ['no query', {}],
  ['a query that is a number', { query: 1 }],
  ['variables that are a list', { query: '{ viewer }', variables: [] }],
  ['extensions that are a text', { query: '{ viewer }', extensions: 'x' }],
])('ready: an operation with %s is refused as over HTTP', async (_what, payload) => {
  const one = await ready();
  one.send({ id: 'a', type: 'subscribe', payload });
  await expect
    .poll(one.got, soon)
    .toMatchObject([
      { id: 'a', type: 'error', payload: [{ extensions: { code: 'BAD_REQUEST' } }] },
    ]);
});

test('a long ping is answered without its payload, before the beginning and after', async () => {
  const long = { type: 'ping', payload: { a: 'x'.repeat(2_000) } };
  const one = await connection();
  one.send(long);
  await expect.poll(one.got, soon).toEqual([{ type: 'pong' }]);
  one.send(init, long, ping);
  await expect.poll(one.got, soon).toHaveLength(4);
  expect(one.got()).toEqual(expect.arrayContaining([ack, { type: 'pong' }, pong]));
});

test('a message that is nested deeper than anybody needs closes with 4400, and the router goes on', async () => {
  const one = await connection();
  one.send(`{"type":"ping","payload":{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}}`);
  await expect.poll(one.end, soon).toEqual([4400, 'Invalid message']);
  const other = await ready();
  other.send(ping);
  await expect.poll(other.got, soon).toEqual([pong]);
});

test('operations that ask for more than may be kept are refused, until another has ended', async () => {
  const one = await ready();
  const long = (id: string) => {
    const { payload, ...rest } = subscription(id);
    return { ...rest, payload: { ...payload, extensions: { x: 'x'.repeat(1_000_000) } } };
  };
  const router = await world.start({ SOCKET_OPERATIONS_MAX: '100' });
  const other = await ready({ url: router.url });
  for (const id of ['a', 'b', 'c', 'd', 'e']) other.send(long(id));
  await expect
    .poll(other.got, soon)
    .toMatchObject([{ id: 'e', type: 'error', payload: [{ extensions: { code: 'THROTTLED' } }] }]);
  await expectSubscriptions(4);
  other.send({ id: 'a', type: 'complete' });
  await expectSubscriptions(3);
  other.send(long('f'));
  await expectSubscriptions(4);
  one.send(ask('a'));
  await expect.poll(one.got, soon).toMatchObject([{ type: 'next' }, { type: 'complete' }]);
  await router.stop();
});

test('what a client is closed for ends its subscriptions, whether it answers that or not', async () => {
  const silent = await deafClient(world.url);
  await expectSubscriptions(1);
  silent.write(maskedFrame(JSON.stringify(init)));
  await expectSubscriptions(0);
  expect(silent.destroyed).toBe(false);
});

test('a frame over the limit closes with 1009', async () => {
  const one = await ready();
  one.send(ask('a', `{ viewer } #${'x'.repeat(1_100_000)}`));
  await expect.poll(one.end, soon).toEqual([1009, expect.any(String)]);
});

test.each(['sec-websocket-protocol: graphql-ws\r\n', ''])(
  'another subprotocol, or none, is closed with 4406: "%s"',
  async (header) => {
    const socket = rawSocket(header);
    let answer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
    });
    // A closing frame begins with its code.
    const closing = Buffer.from([0x88, 0x1c, 4406 >> 8, 4406 & 0xff]);
    await expect.poll(() => answer.includes(closing), soon).toBe(true);
  },
);

test('more sockets than may be are refused, until one has gone', async () => {
  const router = await world.start({ SOCKETS_MAX: '1' });
  const first = await ready({ url: router.url });
  const second = new WebSocket(router.url.replace('http', 'ws'), 'graphql-transport-ws');
  const [error] = (await once(second, 'error')) as [Error];
  expect(error.message).toMatch(/503/);
  first.socket.close();
  await expect.poll(first.end, soon).toEqual([1005, expect.any(String)]);
  const third = await ready({ url: router.url });
  third.send(ping);
  await expect.poll(third.got, soon).toMatchObject([pong]);
  await router.stop();
});

test('a closed socket ends its subscriptions at the subgraph', async () => {
  const one = await ready();
  one.send(subscription('a'), subscription('b'));
  await expectSubscriptions(2);
  one.socket.close(1000);
  await expect.poll(() => world.order.subscriptions(), soon).toBe(0);
});

test('results of every length and alphabet come whole', async () => {
  const one = await ready();
  one.send(subscription('a'));
  await expectSubscriptions(1);
  const paddings = [0, 1, 40, 60, 100, 2_000, 65_400, 65_500, 70_000, 300_000].flatMap((length) => [
    'x'.repeat(length),
    'ü€😀'.repeat(Math.ceil(length / 3)),
  ]);
  for (const [i, padding] of paddings.entries()) {
    world.order.publish(change(`${i}`, padding));
    await expect.poll(() => one.messages.length, soon).toBe(i + 1);
    expect(one.messages[i]?.payload).toEqual({
      data: { orderStatusChanged: { cursor: `${i}`, padding } },
    });
  }
});

test('a reader that stalls is told that it was too slow and where it stopped, and delays nobody', async () => {
  const slow = await ready();
  const quick = await ready();
  slow.send(subscription('a'));
  quick.send(subscription('a'));
  await expectSubscriptions(2);
  slow.socket.pause();
  const padding = 'x'.repeat(1024 * 1024);
  let sent = 0;
  while (world.order.subscriptions() === 2 && sent < 60) {
    world.order.publish(change(`${sent}`, padding));
    sent += 1;
    await expect.poll(() => quick.messages.length, soon).toBe(sent);
  }
  expect(world.order.subscriptions()).toBe(1);
  slow.socket.resume();
  await expect.poll(() => slow.messages.at(-1)?.type, soon).toBe('error');
  const got = slow.messages.slice(0, -1);
  expect(got.length).toBeLessThan(sent);
  expect(got).toMatchObject(got.map((_, i) => next('a', `${i}`)));
  expect(slow.messages.at(-1)).toMatchObject({
    id: 'a',
    payload: [{ extensions: { code: 'SLOW_CONSUMER', cursor: `${got.length - 1}` } }],
  });
});

test.each([
  ['one after the other', ['1', '2', '3']],
  ['all at once', ['1', '1', '1']],
])(
  'a connection that does not read answers that come %s is asked nothing more',
  async (_how, asked) => {
    world.lines.length = 0;
    const one = await ready();
    const big = (id: string, i: number) =>
      ask(id, `query Big { order(id: "${asked[i]}") { padding(kilobytes: 2000) } }`);
    one.socket.pause();
    one.send(...['a', 'b', 'c'].map(big));
    const answered = () => world.lines.filter((line) => line.includes('"operationName":"Big"'));
    await expect.poll(answered, soon).toHaveLength(3);
    world.order.seen.length = 0;
    one.send(ask('d', '{ order(id: "after") { id } }'));
    // Another connection's question, asked later, has been answered by then.
    const other = await ready();
    other.send(ask('a'));
    await expect.poll(other.got, soon).toMatchObject([{ type: 'next' }, { type: 'complete' }]);
    expect(JSON.stringify(world.order.seen.map(({ body }) => body))).not.toContain('after');
    one.socket.resume();
    await expect
      .poll(() => one.messages.map(({ type }) => type).filter((type) => type === 'complete'), soon)
      .toHaveLength(4);
  },
);

test('a client that answers no ping is cut off, and its subscriptions end', async () => {
  const router = await world.start({ SOCKET_PING_MS: '2000', SOCKET_INIT_TIMEOUT_MS: '15000' });
  const alive = await ready({ url: router.url });
  alive.send(subscription('a'));
  await expectSubscriptions(1);
  const dead = await deafClient(router.url);
  await expectSubscriptions(2);
  await expect.poll(() => dead.destroyed, soon).toBe(true);
  await expectSubscriptions(1);
  alive.send(ping);
  await expect.poll(alive.got, soon).toMatchObject([pong]);
  await router.stop();
});

/** Subscribes, and then reads frames without answering any. */
async function deafClient(url: string): Promise<Socket> {
  const socket = rawSocket('sec-websocket-protocol: graphql-transport-ws\r\n', url);
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  await expect.poll(() => answer, soon).toContain('101');
  socket.write(maskedFrame(JSON.stringify(init)));
  await expect.poll(() => answer, soon).toContain('connection_ack');
  socket.write(maskedFrame(JSON.stringify(subscription('deaf'))));
  return socket;
}

function rawSocket(header: string, url = world.url): Socket {
  const { port, pathname } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  open.push({ terminate: () => socket.destroy() });
  socket.on('error', () => undefined);
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n` +
      `sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n${header}\r\n`,
  );
  return socket;
}

/** With a mask of zeros, which leaves the text as it is. */
function maskedFrame(text: string): Buffer {
  const head = Buffer.from([0x81, 0xfe, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(text.length, 2);
  if (text.length > 125) return Buffer.concat([head, Buffer.from(text)]);
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}
