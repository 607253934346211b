import { createClient, type Client } from 'graphql-ws';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { fault } from './errors.ts';
import { anonymous, identityHeader, signIdentity, statementTtlMs } from './identity.ts';
import { createLogger } from './logger.ts';
import type { SubgraphRequest } from './subgraph-request.ts';
import { startSubgraphServer, type SubgraphServer } from './subgraph-server.ts';
import { createMetrics } from './telemetry.ts';

const secret = 'a secret of this test, long enough';
const sdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  scalar Decimal
  type Query { who: String  bug: String  faulty: String  away: String  nul: String  price(of: Decimal!): String }
  type Subscription { count(to: Int!): Int!  endless: Int!  failing: Int!  bugs(of: Decimal): Int }
  type Thing @key(fields: "id") { id: ID! }
`;

let server: SubgraphServer;
let logged: string[];
let returned: number;
let ready: () => Promise<void>;
let clients: Client[];

/** Never ends by itself; `return` wakes a pending `next`, as every iterator of ours must. */
function endless(): AsyncIterableIterator<{ endless: number }> {
  let first = true;
  let wake: (result: IteratorResult<{ endless: number }>) => void = () => undefined;
  return {
    next: () => {
      if (!first) return new Promise((resolve) => (wake = resolve));
      first = false;
      return Promise.resolve({ value: { endless: 1 }, done: false });
    },
    return: () => {
      returned += 1;
      wake({ value: undefined, done: true });
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const resolvers = {
  Query: {
    who: (_: unknown, _args: unknown, { identity }: SubgraphRequest) => identity.subject,
    bug: () => {
      throw new Error('secret host db-7.internal');
    },
    faulty: () => {
      throw fault('FORBIDDEN', 'Not yours.');
    },
    away: () => {
      throw Object.assign(new Error('connect db-7.internal'), { code: 'ECONNREFUSED' });
    },
    nul: () => {
      throw Object.assign(new Error('invalid byte sequence'), { code: '22021' });
    },
    price: (_: unknown, { of }: { of: string }) => of,
  },
  Subscription: {
    count: {
      async *subscribe(_: unknown, { to }: { to: number }) {
        for (let count = 1; count <= to; count += 1) yield { count };
      },
    },
    endless: { subscribe: endless },
    failing: {
      async *subscribe() {
        yield { failing: 1 };
        throw new Error('secret host db-7.internal');
      },
    },
    bugs: {
      async *subscribe() {
        yield {};
      },
      resolve: () => {
        throw new Error('secret host db-7.internal');
      },
    },
  },
};

beforeEach(async () => {
  logged = [];
  returned = 0;
  clients = [];
  ready = () => Promise.resolve();
  server = await startSubgraphServer({
    name: 'test',
    sdl,
    resolvers,
    context: (request) => request,
    host: '127.0.0.1',
    port: 0,
    secret,
    logger: createLogger('test', 'info', { write: (line) => void logged.push(line) }),
    metrics: createMetrics('test'),
    ready: () => ready(),
  });
});
afterEach(async () => {
  await Promise.all(clients.map(async (client) => client.dispose()));
  await server.stop();
});

const signed = (nowMs = Date.now()): string =>
  signIdentity({ subject: 'alice', role: 'customer', scopes: [] }, secret, nowMs);

async function post(
  body: unknown,
  headers: Record<string, string> = { [identityHeader]: signed() },
) {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, json: JSON.parse(text) as Answer };
}
type Answer = {
  data?: unknown;
  errors?: { message: string; path?: unknown; extensions: { code: string } }[];
};

test.each([
  ['a query', '{ who }'],
  ['_service', '{ _service { sdl } }'],
  ['_entities', '{ _entities(representations: []) { __typename } }'],
])('an unsigned call is refused: %s', async (_case, query) => {
  const { status, json } = await post({ query }, {});
  expect(status).toBe(401);
  expect(json.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
});

test.each([
  ['forged', () => signIdentity(anonymous, 'another secret, also long enough', Date.now())],
  ['expired', () => signed(Date.now() - statementTtlMs - 1)],
  ['garbage', () => 'a.b'],
])('a call whose signature is %s is refused', async (_case, header) => {
  const { status } = await post({ query: '{ who }' }, { [identityHeader]: header() });
  expect(status).toBe(401);
});

test('a signed call is answered for the identity that was signed', async () => {
  expect((await post({ query: '{ who _service { sdl } }' })).json.data).toMatchObject({
    who: 'alice',
  });
});

test('operations in one list are answered in its order, each for the identity that it brings', async () => {
  const as = (subject: string) => ({
    identity: signIdentity({ subject, role: 'customer', scopes: [] }, secret, Date.now()),
  });
  const late = { identity: signed(Date.now() - statementTtlMs - 1) };
  const { status, text } = await post([
    { query: '{ who }', extensions: as('bob') },
    { query: '{ faulty }', extensions: as('carol') },
    { query: '{ who }' },
    { query: '{ who }', extensions: late },
    { query: '{ whom }', extensions: as('dave') },
    { query: '{ who }', extensions: as('erin') },
  ]);
  expect(status).toBe(200);
  const refused = (code: string) => ({ errors: [{ extensions: { code } }] });
  expect(JSON.parse(text)).toMatchObject([
    { data: { who: 'bob' } },
    { data: { faulty: null }, ...refused('FORBIDDEN') },
    refused('UNAUTHENTICATED'),
    refused('UNAUTHENTICATED'),
    refused('GRAPHQL_VALIDATION_FAILED'),
    { data: { who: 'erin' } },
  ]);
});

test.each([
  ['a body that is no JSON', '{"query":', 400],
  ['an empty body', '', 400],
  ['an empty list', '[]', 400],
  ['a list of too many', JSON.stringify(Array.from({ length: 1_001 }, () => ({}))), 400],
  ['a text', '"query"', 400],
  ['no query', '{}', 400],
  ['a query that is a number', '{"query":1}', 400],
  ['a query that cannot be parsed', '{"query":"{"}', 400],
  ['an unknown field', '{"query":"{ whom }"}', 400],
  ['two operations without a name', '{"query":"query A { who } query B { who }"}', 400],
  [
    'a wrong variable',
    '{"query":"query($p: Decimal!) { price(of: $p) }","variables":{"p":"x"}}',
    200,
  ],
])(
  '%s is answered by a JSON error with a stable code and nothing else',
  async (_case, body, status) => {
    const answer = await post(body);
    expect(answer.status).toBeGreaterThanOrEqual(200);
    expect([status, 400]).toContain(answer.status);
    expect(answer.json.errors?.[0]?.extensions.code).toMatch(
      /^(BAD_REQUEST|BAD_USER_INPUT|GRAPHQL_PARSE_FAILED|GRAPHQL_VALIDATION_FAILED|OPERATION_RESOLUTION_FAILURE)$/,
    );
    expect(answer.text).not.toMatch(/stack|\.ts|node_modules|Did you mean/);
  },
);

test('a literal that its scalar refuses is the caller’s mistake, as a variable would be', async () => {
  const { json } = await post({ query: '{ price(of: "x") }' });
  expect(json.errors).toMatchObject([
    { message: expect.stringContaining('Decimal'), extensions: { code: 'BAD_USER_INPUT' } },
  ]);
  expect(logged).toEqual([]);
});

test('a body above the limit is answered by 413 and BAD_REQUEST', async () => {
  const { status, json } = await post(JSON.stringify({ query: 'x'.repeat(5 * 1024 * 1024) }));
  expect(status).toBe(413);
  expect(json.errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
});

test.each([
  ['bug', 'INTERNAL_SERVER_ERROR'],
  ['faulty', 'FORBIDDEN'],
  ['away', 'SERVICE_UNAVAILABLE'],
  ['nul', 'BAD_USER_INPUT'],
])(
  'a failing resolver (%s) answers %s with its path and no word of its cause',
  async (field, code) => {
    const { json, text } = await post({ query: `{ who other: ${field} }` });
    expect(json.data).toEqual({ who: 'alice', other: null });
    expect(json.errors).toMatchObject([{ path: ['other'], extensions: { code } }]);
    expect(text).not.toContain('db-7');
    expect(logged.some((line) => line.includes('"level":50'))).toBe(field === 'bug');
  },
);

test('health tells the truth about what the service depends on', async () => {
  const address = new URL('/health/ready', server.url);
  expect((await fetch(address)).status).toBe(200);
  ready = () => Promise.reject(new Error('db-7.internal'));
  const failing = await fetch(address);
  expect(failing.status).toBe(503);
  expect(await failing.text()).not.toContain('db-7');
  ready = () => new Promise(() => undefined);
  expect((await fetch(address)).status).toBe(503);
  expect((await fetch(new URL('/health/live', server.url))).status).toBe(200);
});

test('metrics count requests by status, and an unknown address is a JSON error', async () => {
  await post({ query: '{ who }' });
  await post({ query: '{ who }' }, {});
  const metrics = await (await fetch(new URL('/metrics', server.url))).text();
  expect(metrics).toContain('ordergraph_subgraph_requests_total{status="200",service="test"} 1');
  expect(metrics).toContain('ordergraph_subgraph_requests_total{status="401",service="test"} 1');
  const nowhere = await fetch(new URL('/nowhere', server.url));
  expect(nowhere.status).toBe(404);
  expect(await nowhere.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
});

function open(identity: string | undefined = signed()): Client {
  const client = createClient({
    url: server.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => undefined,
    connectionParams: identity === undefined ? {} : { identity },
  });
  clients.push(client);
  return client;
}

/** Everything a subscription says, until it ends or `stop` is called. */
function listen(client: Client, query: string, extensions: object = { identity: signed() }) {
  const messages: unknown[] = [];
  let ended: unknown;
  const stop = client.subscribe(
    { query, extensions: { ...extensions } },
    {
      next: (message) => void messages.push(message),
      error: (error) => (ended = error),
      complete: () => (ended = 'complete'),
    },
  );
  return { messages, stop, ended: () => ended };
}

test('a socket that is not signed is closed with 4403', async () => {
  for (const identity of [undefined, 'forged.forged']) {
    const closed = await new Promise<number>((resolve) => {
      const socket = new WebSocket(server.url.replace('http', 'ws'), 'graphql-transport-ws');
      socket.on('open', () =>
        socket.send(JSON.stringify({ type: 'connection_init', payload: { identity } })),
      );
      socket.on('close', resolve);
    });
    expect(closed).toBe(4403);
  }
});

test.each([
  ['not signed', 'subscription { endless }', {}, 'UNAUTHENTICATED'],
  ['malformed', 'subscription {', undefined, 'GRAPHQL_PARSE_FAILED'],
  ['invalid', 'subscription { endles }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
  ['given a wrong literal', 'subscription { bugs(of: "x") }', undefined, 'BAD_USER_INPUT'],
  [
    'without its variable',
    'subscription($to: Int!) { count(to: $to) }',
    undefined,
    'BAD_USER_INPUT',
  ],
  [
    'ambiguous',
    'subscription A { endless } subscription B { endless }',
    undefined,
    'OPERATION_RESOLUTION_FAILURE',
  ],
])('an operation that is %s fails alone, with a code', async (_case, query, extensions, code) => {
  const client = open();
  const other = listen(client, 'subscription { endless }');
  const refused = listen(client, query, extensions);
  await expect.poll(refused.ended).toMatchObject([{ extensions: { code } }]);
  expect(JSON.stringify(refused.ended())).not.toContain('Did you mean');
  await expect.poll(() => other.messages).toHaveLength(1);
  expect(other.ended()).toBeUndefined();
});

test('a subscription gets its events in order and then completes', async () => {
  const counted = listen(open(), 'subscription { count(to: 3) }');
  await expect.poll(counted.ended).toBe('complete');
  expect(counted.messages).toEqual([1, 2, 3].map((count) => ({ data: { count } })));
});

test('a source that throws ends its own stream only, masked', async () => {
  const client = open();
  const other = listen(client, 'subscription { endless }');
  const failing = listen(client, 'subscription { failing }');
  await expect
    .poll(failing.ended)
    .toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
  expect(JSON.stringify(failing.ended())).not.toContain('db-7');
  const later = listen(client, 'subscription { count(to: 1) }');
  await expect.poll(later.ended).toBe('complete');
  expect(other.ended()).toBeUndefined();
});

test('an event whose resolver fails is masked as well', async () => {
  const failing = listen(open(), 'subscription { bugs }');
  await expect.poll(failing.ended).toBe('complete');
  expect(failing.messages).toMatchObject([
    { errors: [{ path: ['bugs'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }] },
  ]);
  expect(JSON.stringify(failing.messages)).not.toContain('db-7');
});

test('a source is told when its client unsubscribes, and when the socket dies', async () => {
  const client = open();
  const left = listen(client, 'subscription { endless }');
  const dropped = listen(client, 'subscription { endless }');
  await expect.poll(() => left.messages.length + dropped.messages.length).toBe(2);
  left.stop();
  await expect.poll(() => returned).toBe(1);
  client.terminate();
  await expect.poll(() => returned).toBe(2);
});

test('stopping ends the streams and does not wait for clients that never answer', async () => {
  const streaming = listen(open(), 'subscription { endless }');
  await expect.poll(() => streaming.messages).toHaveLength(1);
  const deaf = new WebSocket(server.url.replace('http', 'ws'), 'graphql-transport-ws');
  await new Promise((resolve) => deaf.once('open', resolve));
  deaf.pause();
  const startMs = performance.now();
  await server.stop();
  expect(performance.now() - startMs).toBeLessThan(3_000);
  expect(returned).toBe(1);
  deaf.terminate();
});

const traceId = 'c'.repeat(32);
const traceparent = `00-${traceId}-${'d'.repeat(16)}-01`;
/** The traces that the log names. */
const tracesLogged = () => logged.map((line) => JSON.parse(line).traceId);

test('a bug is logged under the trace of the request that met it: of a call, and of each one in a batch', async () => {
  await post({ query: '{ bug }' }, { [identityHeader]: signed(), traceparent });
  const batched = (id: string) => ({
    query: '{ bug }',
    extensions: { identity: signed(), traceparent: traceparent.replace(traceId, id) },
  });
  await post([batched('e'.repeat(32)), batched('f'.repeat(32))]);
  expect(new Set(tracesLogged())).toEqual(new Set([traceId, 'e'.repeat(32), 'f'.repeat(32)]));
});

test('a bug in a subscription is logged under the trace of its operation', async () => {
  const client = createClient({
    url: server.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { identity: signed() },
    retryAttempts: 0,
  });
  clients.push(client);
  const ended = new Promise((resolve) => {
    client.subscribe(
      { query: 'subscription { bugs }', extensions: { identity: signed(), traceparent } },
      { next: () => undefined, error: resolve, complete: () => resolve(undefined) },
    );
  });
  await ended;
  expect(tracesLogged()).toEqual([traceId]);
});
