/** Subscriptions through a running router, over each transport, with real clients. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { overSocket, overSse, rawStream, socketClient } from './test/clients.ts';
import { post, send, startTestRouter } from './test/router.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;
beforeAll(async () => {
  world = await startTestRouter({ STREAM_QUEUE_MAX: '5', STREAM_HEARTBEAT_MS: '50' });
});
afterAll(() => world.stop());

const query = `subscription Watch($id: ID!, $after: String) {
  orderStatusChanged(orderId: $id, after: $after) { status order { id payment { status } } }
}`;
let watches = 0;
/** Of an order of its own unless it is told which: streams that ask for the same are one at the subgraph. */
const watch = (id = `own-${(watches += 1)}`) => ({ query, variables: { id } });
const change = (cursor: string, id = '1', more: object = {}) => ({
  orderStatusChanged: { cursor, status: 'PLACED', order: { id }, ...more },
});
const result = (id = '1') => ({
  data: {
    orderStatusChanged: { status: 'PLACED', order: { id, payment: { status: `paid-${id}` } } },
  },
});
/** Longer than anything here takes on a busy machine. */
const soon = { timeout: 15_000, interval: 5 };
async function opened(count: number): Promise<void> {
  await expect.poll(() => world.order.subscriptions(), soon).toBe(count);
}
const failure = (code: string, more: object = {}) => ({
  message: expect.any(String),
  extensions: { code, ...more },
});

const closeCode = (url: string, options: object, messages: string[]) =>
  new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', options);
    socket.on('open', () => messages.forEach((message) => socket.send(message)));
    socket.on('error', (error) => resolve(error.message));
    socket.on('close', (code) => resolve(code));
  });
const init = (payload: object) => JSON.stringify({ type: 'connection_init', payload });

test('events come in order with their rest from other subgraphs, over every transport alike', async () => {
  const client = socketClient(world.url);
  const socket = overSocket(client, watch());
  const sse = overSse(world.url, watch());
  const multipart = await rawStream(world.url, watch(), {
    accept: 'multipart/mixed;subscriptionSpec="1.0", application/json',
  });
  await opened(3);
  // The rest of the first events takes longest.
  const ids = ['slow-80', 'slow-40', '3'];
  for (const [index, id] of ids.entries()) world.order.publish(change(String(index), id));
  const expected = ids.map(result);
  await expect.poll(() => socket.results, soon).toEqual(expected);
  await expect.poll(() => sse.results, soon).toEqual(expected);
  await expect.poll(() => multipart.text, soon).toContain('paid-3');
  const parts = multipart.text.split('--graphql').map((part) => part.split('\r\n\r\n')[1]);
  const payloads = parts.flatMap((part) =>
    part && part.trim() !== '{}' ? [JSON.parse(part)] : [],
  );
  expect(payloads).toEqual(expected.map((payload) => ({ payload })));
  expect(multipart.headers['content-type']).toMatch(/^multipart\/mixed;\s*boundary="?graphql"?;/);
  await expect.poll(() => multipart.text, soon).toContain('\r\n\r\n{}\r\n--graphql');

  world.order.complete();
  await expect
    .poll(() => [socket.end, sse.end, multipart.ended], soon)
    .toEqual(['complete', 'complete', true]);
  expect(multipart.text.endsWith('--graphql--\r\n')).toBe(true);
  await client.dispose();
});

test('queries and mutations run over the socket too, and refusals have the same codes', async () => {
  const client = socketClient(world.url);
  const ask = (text: string) => overSocket(client, { query: text });
  const answers = [
    ask('{ order(id: "1") { payment { status } } }'),
    ask('mutation { placeOrder(id: "2") { id } }'),
    ask('{ nothing }'),
    ask('{'),
    ask('query ($n: Int!) { orders(first: $n) { id } }'),
  ];
  await expect.poll(() => answers.every(({ end }) => end !== undefined), soon).toBe(true);
  expect(answers.map(({ results }) => results)).toEqual([
    [{ data: { order: { payment: { status: 'paid-1' } } } }],
    [{ data: { placeOrder: { id: '2' } } }],
    [],
    [],
    [],
  ]);
  expect(answers.map(({ end }) => end)).toEqual([
    'complete',
    'complete',
    [expect.objectContaining({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })],
    [expect.objectContaining({ extensions: { code: 'GRAPHQL_PARSE_FAILED' } })],
    [expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT' } })],
  ]);
  await client.dispose();
});

test('queries run over server-sent events too, and refusals come as results', async () => {
  const good = overSse(world.url, { query: '{ order(id: "1") { id } }' });
  const bad = overSse(world.url, { query: '{ nothing }' });
  await expect.poll(() => [good.end, bad.end], soon).toEqual(['complete', 'complete']);
  expect(good.results).toEqual([{ data: { order: { id: '1' } } }]);
  expect(bad.results).toMatchObject([
    { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] },
  ]);
});

test('all streams share one socket to the subgraph, each with its own signed identity', async () => {
  const clients = await Promise.all(
    ['alice', 'bob'].map(async (sub) =>
      socketClient(world.url, { Authorization: `Bearer ${await world.tokens.token({ sub })}` }),
    ),
  );
  world.order.subscribed.length = 0;
  const streams = clients.map((client) => overSocket(client, watch()));
  await opened(2);
  expect(world.order.subscribed.map(({ identity }) => identity)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ subject: 'alice' }),
      expect.objectContaining({ subject: 'bob' }),
    ]),
  );
  expect(world.order.sockets()).toBe(1);
  for (const stream of streams) stream.stop();
  await opened(0);
  for (const client of clients) await client.dispose();
});

test('a reader that leaves ends the subscription at the subgraph, over every transport', async () => {
  const client = socketClient(world.url);
  const socket = overSocket(client, watch());
  const sse = overSse(world.url, watch());
  const multipart = await rawStream(world.url, watch(), {
    accept: 'multipart/mixed;subscriptionSpec="1.0"',
  });
  await opened(3);
  socket.stop();
  await opened(2);
  sse.stop();
  await opened(1);
  multipart.stop();
  await opened(0);
  expect(socket.end).toBe('complete');
  await client.dispose();
});

const losses: readonly (readonly [string, () => void])[] = [
  ['cut', () => world.order.cutSockets()],
  ['closed as going away', () => world.order.closeSockets(1001)],
  ['closed as if all were well', () => world.order.closeSockets(1000)],
];

test.each(losses)(
  'an upstream that is %s is taken up again behind the last event that came, without a word to the reader',
  async (_, lose) => {
    world.order.subscribed.length = 0;
    const client = socketClient(world.url);
    const socket = overSocket(client, watch());
    const sse = overSse(world.url, watch());
    const multipart = await rawStream(world.url, watch(), {
      accept: 'multipart/mixed;subscriptionSpec="1.0"',
    });
    await opened(3);
    world.payment.seen.length = 0;
    world.order.publish(change('c1', 'slow-50'));
    world.order.publish(change('c2', '2'));
    // Both have come when both are being worked on.
    await expect.poll(() => world.payment.seen.length, soon).toBe(6);
    lose();
    await expect.poll(() => world.order.subscribed.length, soon).toBe(6);
    await opened(3);
    world.order.publish(change('c3', '3'));
    const events = ['slow-50', '2', '3'].map(result);
    await expect.poll(() => socket.results, soon).toEqual(events);
    await expect.poll(() => sse.results, soon).toEqual(events);
    await expect.poll(() => multipart.text, soon).toContain('paid-3');
    expect(multipart.text.match(/paid-/g)).toHaveLength(3);
    expect([socket.end, sse.end, multipart.ended]).toEqual([undefined, undefined, false]);
    const again = world.order.subscribed.slice(3).map(({ variables }) => variables);
    for (const each of again) expect(each).toMatchObject({ routerAfter: 'c2' });
    for (const stream of [socket, sse, multipart]) stream.stop();
    await opened(0);
    await client.dispose();
  },
);

test.each(losses)(
  'an upstream that is %s ends a stream without cursors with an error, and what came before is delivered',
  async (_, lose) => {
    const client = socketClient(world.url);
    const socket = overSocket(client, { query: 'subscription { ticks }' });
    const sse = overSse(world.url, { query: 'subscription { moreTicks: ticks }' });
    await opened(2);
    world.order.publish({ ticks: 7 });
    await expect.poll(() => [socket.results.length, sse.results.length], soon).toEqual([1, 1]);
    lose();
    const lost = failure('SERVICE_UNAVAILABLE', { service: 'order' });
    await expect.poll(() => socket.end, soon).toEqual([lost]);
    await expect
      .poll(() => sse.results, soon)
      .toEqual([{ data: { moreTicks: 7 } }, { errors: [lost] }]);
    const again = overSocket(client, watch());
    await opened(1);
    world.order.publish(change('c3'));
    await expect.poll(() => again.results, soon).toEqual([result()]);
    again.stop();
    await opened(0);
    await client.dispose();
  },
);

test('a subgraph that is not there fails a subscription by name', async () => {
  const router = await world.start({ SUBGRAPH_URLS: '{"order":"http://127.0.0.1:9/graphql"}' });
  const client = socketClient(router.url);
  const stream = overSocket(client, watch());
  await expect
    .poll(() => stream.end, soon)
    .toEqual([failure('SERVICE_UNAVAILABLE', { service: 'order' })]);
  await client.dispose();
  await router.stop();
});

test('a dead subgraph of the rest nulls its edge in the event, and the stream goes on', async () => {
  const client = socketClient(world.url);
  const stream = overSocket(client, watch());
  await opened(1);
  world.payment.behaviour = { kind: 'answer', status: 500, body: 'dead' };
  world.order.publish(change('1'));
  await expect.poll(() => stream.results.length, soon).toBe(1);
  world.payment.behaviour = { kind: 'serve' };
  world.order.publish(change('2'));
  await expect.poll(() => stream.results.length, soon).toBe(2);
  expect(stream.results).toEqual([
    {
      data: { orderStatusChanged: { status: 'PLACED', order: { id: '1', payment: null } } },
      errors: [
        {
          message: expect.any(String),
          path: ['orderStatusChanged', 'order', 'payment'],
          extensions: { code: 'SERVICE_UNAVAILABLE', service: 'payment' },
        },
      ],
    },
    result(),
  ]);
  stream.stop();
  await client.dispose();
});

test.each([
  ['before it is run', 'refused', {}],
  ['when its stream cannot begin', 'unborn', { path: ['orderStatusChanged'] }],
])(
  'a refusal by the subgraph, %s, ends the stream with its code and is no event',
  async (_when, id, where) => {
    const client = socketClient(world.url);
    const socket = overSocket(client, watch(id));
    const sse = overSse(world.url, watch(id));
    const refused = { message: 'Too old.', ...where, extensions: { code: 'CURSOR_EXPIRED' } };
    await expect.poll(() => socket.end, soon).toEqual([refused]);
    await expect.poll(() => sse.results, soon).toEqual([{ errors: [refused] }]);
    expect(socket.results).toEqual([]);
    await client.dispose();
  },
);

test('Last-Event-ID takes the place of "after", whether the client wrote one or not', async () => {
  world.order.subscribed.length = 0;
  const plain = 'subscription { orderStatusChanged(orderId: "1") { status } }';
  for (const operation of [watch(), { query: plain }]) {
    const stream = await rawStream(world.url, operation, {
      accept: 'text/event-stream',
      'last-event-id': 'c41',
    });
    await opened(1);
    world.order.publish(change('c42'));
    await expect.poll(() => stream.text, soon).toContain('id: c42\nevent: next\ndata: {"data":');
    expect(stream.text).not.toContain('routerCursor');
    stream.stop();
    await opened(0);
  }
  for (const { query: text, variables } of world.order.subscribed) {
    expect(text).toMatch(/after:\$routerAfter/);
    expect(variables).toMatchObject({ routerAfter: 'c41' });
  }
  expect(world.order.subscribed).toHaveLength(2);
});

test('a stream whose field knows no cursor ignores Last-Event-ID', async () => {
  const stream = await rawStream(
    world.url,
    { query: 'subscription { ticks }' },
    { accept: 'text/event-stream', 'last-event-id': 'c41' },
  );
  await opened(1);
  world.order.publish({ ticks: 7 });
  await expect.poll(() => stream.text, soon).toContain('event: next\ndata: {"data":{"ticks":7}}');
  expect(stream.text).not.toContain('id:');
  stream.stop();
  await opened(0);
});

test('a stream ends when the token does, with a code, and the socket takes no more operations', async () => {
  // The issuer's clock may be five seconds off: a token is believed that much longer.
  const token = await world.tokens.token({}, -4);
  const client = socketClient(world.url, { Authorization: `Bearer ${token}` });
  const socket = overSocket(client, watch());
  const sse = overSse(world.url, watch(), { authorization: `Bearer ${token}` });
  await opened(2);
  world.order.publish(change('c1'));
  await expect.poll(() => socket.results.length, soon).toBe(1);
  const expired = failure('TOKEN_EXPIRED', { cursor: 'c1' });
  await expect.poll(() => socket.end, soon).toEqual([expired]);
  await expect.poll(() => sse.results.at(-1), soon).toEqual({ errors: [expired] });
  await opened(0);
  await client.dispose();
});

test('a slow reader is cut off with a code and its last cursor, and nobody else waits for it', async () => {
  const padded = { query: 'subscription { orderStatusChanged(orderId: "1") { padding } }' };
  const reader = connect({ port: Number(new URL(world.url).port), host: '127.0.0.1' });
  const body = JSON.stringify(padded);
  reader.write(
    `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: text/event-stream\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  );
  await opened(1);
  reader.pause();
  const client = socketClient(world.url);
  const other = overSocket(client, {
    query: 'subscription { orderStatusChanged(orderId: "1") { cursor } }',
  });
  await opened(2);
  const padding = 'x'.repeat(1024 * 1024);
  const sent: string[] = [];
  for (let index = 0; index < 40; index += 1) {
    sent.push(`c${index}`);
    world.order.publish(change(`c${index}`, '1', { padding }));
    await expect.poll(() => other.results.length, soon).toBe(sent.length);
  }
  await opened(1);
  let text = '';
  reader.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  reader.resume();
  await expect.poll(() => text, soon).toContain('event: complete');
  const ids = [...text.matchAll(/^id: (c\d+)$/gm)].map(([, id]) => id);
  expect(ids).toEqual(sent.slice(0, ids.length));
  expect(text).toContain(`"code":"SLOW_CONSUMER","cursor":"${ids.at(-1)}"`);
  reader.destroy();
  other.stop();
  await opened(0);
  await client.dispose();
});

test('a socket is refused for a bad token, a foreign page, another path, or too large a frame', async () => {
  const { url } = world;
  expect(await closeCode(url, {}, [init({ Authorization: 'Bearer nonsense' })])).toBe(4401);
  expect(
    await closeCode(url, {}, ['{"id":"1","type":"subscribe","payload":{"query":"{ viewer }"}}']),
  ).toBe(4401);
  expect(await closeCode(url, {}, ['rubbish'])).toBe(4400);
  expect(await closeCode(url, {}, [init({}), init({})])).toBe(4429);
  expect(await closeCode(url, {}, [init({ padding: 'x'.repeat(1_100_000) })])).toBe(1009);
  expect(await closeCode(url, { origin: 'https://evil.test' }, [])).toMatch(/403/);
  expect(await closeCode(`${url}/other`, {}, [])).toMatch(/404/);
});

test('a stop ends streams with a code, finishes what is under way, and closes every connection', async () => {
  const router = await world.start();
  const client = socketClient(router.url);
  const socket = overSocket(client, watch());
  const sse = overSse(router.url, watch());
  const multipart = await rawStream(router.url, watch(), {
    accept: 'multipart/mixed;subscriptionSpec="1.0"',
  });
  await opened(3);
  world.order.publish(change('c9'));
  await expect.poll(() => socket.results.length, soon).toBe(1);
  world.payment.seen.length = 0;
  const underWay = post(router.url, '{ order(id: "slow-200") { payment { status } } }');
  const underWayOnSocket = overSocket(client, {
    query: '{ order(id: "slow-201") { payment { status } } }',
  });
  await expect.poll(() => world.payment.seen.length, soon).toBe(2);
  const health = router.url.replace('/graphql', '/health/ready');
  const stopping = router.stop();
  const ready = await send(health, { method: 'GET' }).then(
    ({ status }) => status,
    () => 'refused',
  );
  await stopping;
  expect([503, 'refused']).toContain(ready);
  expect((await underWay).body.data).toEqual({ order: { payment: { status: 'paid-slow-200' } } });
  expect(underWayOnSocket.results).toHaveLength(1);
  const ended = failure('SERVICE_UNAVAILABLE', { cursor: 'c9' });
  expect(socket.end).toEqual([ended]);
  await expect.poll(() => sse.results.at(-1), soon).toEqual({ errors: [ended] });
  await expect.poll(() => multipart.ended, soon).toBe(true);
  await opened(0);
  await expect(post(router.url, '{ viewer }')).rejects.toThrow(/ECONNREFUSED/);
  await client.dispose();
});

test('streams are counted while they last, and by how they ended', async () => {
  const metrics = async () =>
    (await send(world.url.replace('/graphql', '/metrics'), { method: 'GET' })).text;
  const sse = overSse(world.url, watch());
  await opened(1);
  expect(await metrics()).toMatch(/router_streams_active\{transport="sse"\} 1\n/);
  sse.stop();
  await expect.poll(metrics, soon).toMatch(/router_streams_active\{transport="sse"\} 0\n/);
  expect(await metrics()).toMatch(
    /router_streams_ended_total\{transport="sse",outcome="left"\} \d+\n/,
  );
  expect(await metrics()).toMatch(
    /router_subgraph_duration_seconds_bucket\{[^}]*subgraph="payment"/,
  );
});
