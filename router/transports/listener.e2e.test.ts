/** Connections as odd clients use them: left half open, offered to another protocol, asked for no body. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { send, startTestRouter } from '../test/router.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;
const sockets: Socket[] = [];
beforeAll(async () => {
  world = await startTestRouter();
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => world.stop());

/** Longer than anything here takes on a busy machine. */
const soon = { timeout: 15_000, interval: 5 };

/** A connection whose client never ends its own side. */
async function halfOpen(bytes: string) {
  const port = Number(new URL(world.url).port);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  let text = '';
  let isGone = false;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.on('error', () => {
    isGone = true;
  });
  await once(socket, 'connect');
  socket.write(bytes);
  return {
    text: () => text,
    write: (more: string) => socket.write(more),
    /** Whether the router has forgotten the connection: only then are further bytes an error. */
    isGone: () => {
      socket.write('x');
      return isGone;
    },
  };
}

test.each([
  ['an upgrade that is refused', 'GET /nothing HTTP/1.1', 404],
  ['an upgrade to a foreign page', 'GET /graphql HTTP/1.1\r\norigin: https://evil.test', 403],
])('%s leaves no connection behind', async (_what, begin, status) => {
  const client = await halfOpen(
    `${begin}\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
  );
  await expect.poll(client.text, soon).toContain(`HTTP/1.1 ${status} `);
  await expect.poll(client.isGone, soon).toBe(true);
});

test('what is no HTTP leaves no connection behind', async () => {
  const client = await halfOpen('hello\r\n\r\n');
  await expect.poll(client.text, soon).toContain('HTTP/1.1 400 ');
  await expect.poll(client.isGone, soon).toBe(true);
});

test('a client that offers HTTP/2 with its request is answered as if it had not', async () => {
  const body = '{"query":"{ viewer }"}';
  const client = await halfOpen(
    'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n' +
      'connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n' +
      `content-length: ${body.length}\r\n\r\n${body}`,
  );
  await expect.poll(client.text, soon).toMatch(/^HTTP\/1.1 200 [^]*"data":\{"viewer"/);
});

test('HEAD begins no stream that nobody would read, and the connection goes on', async () => {
  const query = encodeURIComponent('subscription { ticks }');
  const client = await halfOpen(
    `HEAD /graphql?query=${query} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n`,
  );
  await expect.poll(client.text, soon).toMatch(/^HTTP\/1.1 \d+ /);
  client.write('GET /graphql?query={viewer} HTTP/1.1\r\nhost: x\r\n\r\n');
  await expect.poll(client.text, soon).toContain('"data":{"viewer"');
  const { text } = await send(world.url.replace('/graphql', '/metrics'), { method: 'GET' });
  expect(text).not.toMatch(/router_streams_active\{[^}]*\} [1-9]/);
});
