/** What a router tells of itself: every request counted and logged once, by labels and fields that nobody can add to. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { overSocket, rawStream, socketClient } from './test/clients.ts';
import { post, send, startTestRouter } from './test/router.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;
beforeAll(async () => {
  world = await startTestRouter({
    BODY_LIMIT_BYTES: '2000',
    SOCKETS_MAX: '2',
    SOCKET_OPERATIONS_MAX: '2',
    SOCKET_INIT_TIMEOUT_MS: '60000',
  });
});
beforeEach(() => {
  world.lines.length = 0;
});
afterAll(() => world.stop());

/** Longer than anything here takes on a busy machine. */
const soon = { timeout: 15_000, interval: 5 };
const json = { 'content-type': 'application/json' };

type Samples = ReadonlyMap<string, number>;

/** The router's own metrics: values by name and labels. */
async function samples(url = world.url): Promise<Samples> {
  const { text } = await send(url.replace('/graphql', '/metrics'), { method: 'GET' });
  const lines = [...text.matchAll(/^(router_\S+) (\S+)$/gm)];
  return new Map(lines.map(([, name = '', value]) => [name, Number(value)]));
}

/** How much something was counted up by what was done. */
function risen(before: Samples, after: Samples, name: string): number {
  return (after.get(name) ?? 0) - (before.get(name) ?? 0);
}

/** Lines of the access log. */
function logged(): Record<string, unknown>[] {
  return world.lines
    .map((line): Record<string, unknown> => JSON.parse(line))
    .filter(({ msg }) => msg === 'operation' || msg === 'socket refused');
}

const refusals: Record<
  string,
  readonly [
    {
      readonly method: 'POST' | 'PUT';
      readonly headers?: Record<string, string>;
      readonly body: string;
    },
    status: number,
    outcome: string,
  ]
> = {
  'a token that is none': [
    {
      method: 'POST',
      headers: { ...json, authorization: 'Bearer forged' },
      body: '{"query":"{viewer}"}',
    },
    401,
    'UNAUTHENTICATED',
  ],
  "a partner's key that is none": [
    { method: 'POST', headers: { ...json, 'x-api-key': 'forged' }, body: '{"query":"{viewer}"}' },
    401,
    'UNAUTHENTICATED',
  ],
  'half a body': [{ method: 'POST', headers: json, body: '{"query":' }, 400, 'BAD_REQUEST'],
  'no operation': [{ method: 'POST', headers: json, body: '{}' }, 400, 'BAD_REQUEST'],
  'too large a body': [
    { method: 'POST', headers: json, body: ' '.repeat(3_000) },
    413,
    'BAD_REQUEST',
  ],
  'another type of body': [{ method: 'POST', body: '{}' }, 415, 'BAD_REQUEST'],
  'another method': [{ method: 'PUT', headers: json, body: '{}' }, 405, 'BAD_REQUEST'],
  'no type of answer that there is': [
    { method: 'POST', headers: { ...json, accept: 'image/png' }, body: '{}' },
    406,
    'BAD_REQUEST',
  ],
};

test.each(Object.entries(refusals))(
  'a request that is refused before it is an operation is counted and logged once: %s',
  async (_what, [request, status, outcome]) => {
    const before = await samples();
    const answer = await send(world.url, {
      ...request,
      headers: {
        ...request.headers,
        'apollographql-client-name': 'shop',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      },
    });
    expect(answer.status).toBe(status);
    const after = await samples();
    const labels = `transport="http",type="unknown",outcome="${outcome}"`;
    expect(risen(before, after, `router_requests_total{${labels}}`)).toBe(1);
    expect(risen(before, after, `router_errors_total{code="${outcome}"}`)).toBe(1);
    expect(logged()).toEqual([
      expect.objectContaining({
        transport: 'http',
        type: 'unknown',
        client: 'shop',
        outcome,
        status,
        traceId: 'a'.repeat(32),
        durationMs: expect.any(Number),
      }),
    ]);
  },
);

test.each([
  ['bytes that are no request at all', 'rubbish\r\n\r\n'],
  ['a request without a host', 'GET /graphql?query={viewer} HTTP/1.1\r\n\r\n'],
])('once counted and logged: %s', async (_what, bytes) => {
  const { port, hostname } = new URL(world.url);
  const before = await samples();
  const wire = connect(Number(port), hostname);
  wire.write(bytes);
  wire.resume();
  await once(wire, 'close');
  const labels = 'transport="http",type="unknown",outcome="BAD_REQUEST"';
  expect(risen(before, await samples(), `router_requests_total{${labels}}`)).toBe(1);
  expect(logged()).toEqual([expect.objectContaining({ outcome: 'BAD_REQUEST', status: 400 })]);
});

/** Opens a WebSocket, says something, and waits for its end. */
async function closed(
  messages: readonly string[],
  { protocol = 'graphql-transport-ws', headers = {} } = {},
): Promise<void> {
  const socket = new WebSocket(world.url.replace('http', 'ws'), protocol, { headers });
  socket.on('open', () => messages.forEach((message) => socket.send(message)));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.on('close', resolve));
}

const init = (payload: object = {}) => JSON.stringify({ type: 'connection_init', payload });
const socketRefusals: Record<string, readonly [() => Promise<void>, status: number]> = {
  'a page of another origin': [
    () => closed([], { headers: { origin: 'https://elsewhere.test' } }),
    403,
  ],
  'another protocol': [() => closed([], { protocol: 'mqtt' }), 4406],
  'a message that is none': [() => closed(['rubbish']), 4400],
  'a token that is none': [() => closed([init({ Authorization: 'Bearer forged' })]), 4401],
  'a second opening': [() => closed([init(), init()]), 4429],
  'a frame over the limit': [() => closed(['x'.repeat(3_000)]), 1009],
  'one socket too many': [
    async () => {
      const others = [1, 2].map(
        () => new WebSocket(world.url.replace('http', 'ws'), 'graphql-transport-ws'),
      );
      await Promise.all(others.map((other) => once(other, 'open')));
      await closed([]);
      const ended = others.map((other) => once(other, 'close'));
      for (const other of others) other.close();
      await Promise.all(ended);
    },
    503,
  ],
};

test.each(Object.entries(socketRefusals))(
  'a WebSocket that is refused or closed for what its client did is counted and logged once: %s',
  async (_what, [act, status]) => {
    const before = await samples();
    await act();
    expect(risen(before, await samples(), `router_sockets_refused_total{status="${status}"}`)).toBe(
      1,
    );
    expect(logged()).toEqual([expect.objectContaining({ transport: 'websocket', status })]);
  },
);

test('operations of a WebSocket that nobody can read, or one too many, are counted and logged', async () => {
  const client = socketClient(world.url);
  const ticks = () => overSocket(client, { query: 'subscription { ticks }' });
  const first = ticks();
  const bad = overSocket(client, { query: '' });
  await expect.poll(() => bad.end, soon).toBeDefined();
  const second = ticks();
  const third = overSocket(client, { query: '{ viewer }' });
  await expect.poll(() => third.end, soon).toBeDefined();
  // Those of the two streams, too, which have to be planned first.
  await expect.poll(() => logged().length, soon).toBe(4);
  first.stop();
  second.stop();
  await client.dispose();
  const outcomes = logged().filter(({ type }) => type === 'unknown');
  expect(outcomes).toEqual([
    expect.objectContaining({ transport: 'websocket', outcome: 'BAD_REQUEST' }),
    expect.objectContaining({ transport: 'websocket', outcome: 'THROTTLED' }),
  ]);
});

test('the access log has the status with which each operation was answered', async () => {
  const search = `?query=${encodeURIComponent('query Read { viewer }')}`;
  const get = (headers: Record<string, string> = {}, query = search) =>
    send(world.url + query, {
      method: 'GET',
      headers: { 'apollo-require-preflight': '1', ...headers },
    });
  const read = await get();
  await get({ 'if-none-match': String(read.headers['etag']) });
  await get({}, `?query=${encodeURIComponent('mutation Write { placeOrder(id: "1") { id } }')}`);
  await post(world.url, 'query Wrong { nothing }');
  await post(world.url, 'query Wrong { nothing }', { headers: { accept: 'application/json' } });
  const stream = await rawStream(
    world.url,
    { query: 'subscription Ticks { ticks }' },
    { accept: 'text/event-stream' },
  );
  stream.stop();
  await expect.poll(() => logged().length, soon).toBe(6);
  expect(
    logged().map(({ operationName, status, outcome }) => [operationName, status, outcome]),
  ).toEqual([
    ['Read', 200, 'ok'],
    ['Read', 304, 'ok'],
    ['Write', 405, 'BAD_REQUEST'],
    [undefined, 400, 'GRAPHQL_VALIDATION_FAILED'],
    [undefined, 200, 'GRAPHQL_VALIDATION_FAILED'],
    ['Ticks', 200, 'ok'],
  ]);
});

test('the plan cache tells how often a plan was there, how many there are, and what new ones took', async () => {
  const before = await samples();
  for (const name of ['PlanA', 'PlanA', 'PlanB', 'PlanA']) {
    await post(world.url, `query ${name} { order(id: "1") { id payment { amount } } }`);
  }
  const after = await samples();
  const counted = (name: string) => risen(before, after, name);
  expect(counted('router_plan_cache_requests_total{result="miss"}')).toBe(2);
  expect(counted('router_plan_cache_requests_total{result="hit"}')).toBe(2);
  expect(counted('router_plan_cache_operations')).toBe(2);
  expect(counted('router_planning_duration_seconds_count{outcome="ok"}')).toBe(2);
});

test('an answer counts once for each code among its errors', async () => {
  const before = await samples();
  await post(
    world.url,
    '{ a: fail(code: "FORBIDDEN") b: fail(code: "FORBIDDEN") c: fail(code: "BAD_USER_INPUT") viewer }',
  );
  const after = await samples();
  expect(risen(before, after, 'router_errors_total{code="FORBIDDEN"}')).toBe(1);
  expect(risen(before, after, 'router_errors_total{code="BAD_USER_INPUT"}')).toBe(1);
});

test('nothing that clients or subgraphs make up becomes a label', async () => {
  const act = async (name: string) => {
    const headers = { 'apollographql-client-name': name, 'x-anything': name };
    await post(world.url, `query ${name} { viewer }`, { headers });
    await post(world.url, `query ${name} { ${name} }`, { headers });
    await post(world.url, `{ fail(code: "${name}", message: "${name}") }`, { headers });
    await send(`${world.url}/${name}`, { method: 'GET' });
    const stream = await rawStream(
      world.url,
      { query: `subscription ${name} { orderStatusChanged(orderId: "unborn") { status } }` },
      { accept: 'text/event-stream' },
    );
    await expect.poll(() => stream.ended, soon).toBe(true);
  };
  await act('PlantedA');
  const before = await samples();
  for (const name of ['PlantedB', 'PlantedC', 'PlantedD']) await act(name);
  const after = await samples();
  expect([...after.keys()].filter((name) => !before.has(name))).toEqual([]);
  expect([...after.keys()].join('\n')).not.toContain('Planted');
});
