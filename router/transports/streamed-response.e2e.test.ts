/** Streams over HTTP as their clients read them: in any pieces, idle, broken off, and ended in every way. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { overMultipart, overSse, rawStream } from '../test/clients.ts';
import { multipartReader } from '../test/multipart-reader.ts';
import { send, startTestRouter } from '../test/router.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;

beforeAll(async () => {
  world = await startTestRouter({ STREAM_HEARTBEAT_MS: '100', STREAM_RESUME_MS: '100' });
});
afterAll(() => world.stop());

/** Longer than anything here takes on a busy machine. */
const soon = { timeout: 15_000, interval: 5 };
const sse = { accept: 'text/event-stream' };
const multipart = { accept: 'multipart/mixed;subscriptionSpec="1.0", application/json' };
let orders = 0;
const watch = () => ({
  query: 'subscription ($id: ID!) { orderStatusChanged(orderId: $id) { cursor padding } }',
  variables: { id: `order-${(orders += 1)}` },
});
const change = (cursor: string, padding = 'x') => ({
  orderStatusChanged: { cursor, status: 'PLACED', order: { id: '1' }, padding },
});
const result = (cursor: string, padding = 'x') => ({
  data: { orderStatusChanged: { cursor, padding } },
});
async function expectSubscriptions(count: number): Promise<void> {
  await expect.poll(() => world.order.subscriptions(), soon).toBe(count);
}

test('multipart: results come as parts that can be read in any pieces, between heartbeats', async () => {
  const stream = await rawStream(world.url, watch(), multipart);
  await expectSubscriptions(1);
  await expect.poll(() => stream.text, soon).toContain('{}');
  world.order.publish(change('1', '\r\n--graph \u2028 "ü😀'));
  await expect.poll(() => stream.text, soon).toContain('😀');
  world.order.publish(change('2'));
  await expect.poll(() => stream.text, soon).toContain('"cursor":"2"');
  world.order.complete();
  await expect.poll(() => stream.ended, soon).toBe(true);
  const type = String(stream.headers['content-type']);
  for (const length of [1, 2, 3, 7, 64, stream.text.length]) {
    const reader = multipartReader(type);
    const events = (stream.text.match(new RegExp(`[^]{1,${length}}`, 'g')) ?? []).flatMap((piece) =>
      reader.read(piece),
    );
    expect(reader.isClosed).toBe(true);
    expect(events.filter(({ kind }) => kind !== 'heartbeat')).toEqual([
      { kind: 'result', result: result('1', '\r\n--graph \u2028 "ü😀') },
      { kind: 'result', result: result('2') },
    ]);
    expect(events.filter(({ kind }) => kind === 'heartbeat').length).toBeGreaterThan(0);
  }
});

test('multipart: a failure is a part of its own, with its code and the last cursor, and then the end', async () => {
  const stream = overMultipart(world.url, watch());
  await expectSubscriptions(1);
  world.order.publish(change('old'));
  await expect.poll(() => stream.results, soon).toEqual([result('old')]);
  // The subgraph will not continue behind this cursor.
  world.order.cutSockets();
  await expect
    .poll(() => stream.end, soon)
    .toMatchObject([{ extensions: { code: 'CURSOR_EXPIRED', cursor: 'old' } }]);
});

test('multipart: a query is answered with plain JSON, and so is a refusal', async () => {
  const answered = await rawStream(world.url, { query: '{ viewer }' }, multipart);
  const refused = await rawStream(world.url, { query: 'subscription { nothing }' }, multipart);
  await expect.poll(() => [answered.ended, refused.ended], soon).toEqual([true, true]);
  expect(answered.headers['content-type']).toMatch(/^application\/json/);
  expect(JSON.parse(answered.text)).toEqual({ data: { viewer: expect.any(String) } });
  expect(JSON.parse(refused.text).errors).toMatchObject([
    { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
  ]);
});

test('server-sent events: an idle stream shows that it lives, and a busy one only by its events', async () => {
  const stream = await rawStream(world.url, watch(), sse);
  await expectSubscriptions(1);
  await expect.poll(() => stream.text.match(/^:$/gm)?.length ?? 0, soon).toBeGreaterThan(3);
  expect(stream.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  stream.stop();
  await expectSubscriptions(0);
});

test('server-sent events: a cursor with a line break is no id, as it would end the field', async () => {
  const stream = await rawStream(world.url, watch(), sse);
  await expectSubscriptions(1);
  world.order.publish(change('a\ndata: b'));
  world.order.publish(change('c'));
  await expect.poll(() => stream.text, soon).toContain('id: c\n');
  expect(stream.text.match(/^id:/gm)).toHaveLength(1);
  const client = overSse(world.url, watch());
  await expectSubscriptions(2);
  world.order.publish(change('a\ndata: b'));
  await expect.poll(() => client.results, soon).toEqual([result('a\ndata: b')]);
  stream.stop();
  client.stop();
  await expectSubscriptions(0);
});

test('a completion ends the answer, and the connection goes on with the next request', async () => {
  const socket = rawConnection();
  socket.write(request(sse));
  await expectSubscriptions(1);
  world.order.complete();
  await expect.poll(() => socket.text(), soon).toMatch(/event: complete\ndata:\n\n\r\n0\r\n\r\n$/);
  socket.write(request(sse));
  await expectSubscriptions(1);
  socket.destroy();
  await expectSubscriptions(0);
});

test('a client that is gone before its stream has begun leaves nothing behind', async () => {
  const before = await streamsActive();
  for (let i = 0; i < 20; i += 1) {
    const socket = rawConnection();
    await once(socket.socket, 'connect');
    socket.write(request(sse));
    socket.destroy();
  }
  const marker = overSse(world.url, watch());
  await expectSubscriptions(1);
  marker.stop();
  await expectSubscriptions(0);
  await expect.poll(streamsActive, soon).toBe(before);
});

test('a reader that stalls costs a bounded buffer, and is told where it stopped', async () => {
  const slow = rawConnection();
  slow.write(request(multipart));
  await expectSubscriptions(1);
  slow.socket.pause();
  const padding = 'x'.repeat(256 * 1024);
  let sent = 0;
  while (world.order.subscriptions() === 1 && sent < 400) {
    world.order.publish(change(`${sent}`, padding));
    sent += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sent).toBeLessThan(400);
  slow.socket.resume();
  await expect.poll(() => slow.text(), soon).toMatch(/--graphql--/);
  const cursors = [...slow.text().matchAll(/"cursor":"(\d+)","padding"/g)].map(([, c]) => c);
  expect(cursors).toEqual(cursors.map((_, i) => `${i}`));
  expect(slow.text()).toContain(`"code":"SLOW_CONSUMER","cursor":"${cursors.at(-1)}"`);
  slow.destroy();
});

async function streamsActive(): Promise<number> {
  const { text } = await send(world.url.replace('/graphql', '/metrics'), { method: 'GET' });
  return Number(/router_streams_active\{transport="sse"\} (\d+)/.exec(text)?.[1] ?? 0);
}

function request(headers: Record<string, string>): string {
  const body = JSON.stringify(watch());
  return (
    `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: ${headers['accept']}\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`
  );
}

function rawConnection(): {
  readonly socket: Socket;
  write(text: string): void;
  text(): string;
  destroy(): void;
} {
  const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  return {
    socket,
    write: (text) => socket.write(text),
    text: () => Buffer.concat(chunks).toString(),
    destroy: () => socket.destroy(),
  };
}
