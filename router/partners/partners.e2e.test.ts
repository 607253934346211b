import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Database } from '@ordergraph/platform/database.ts';
import { testDatabase, type TestDatabase } from '@ordergraph/tests/database.ts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';
import { textHash } from '../persisted/text-hash.ts';
import { addPartner, revokeKey, revokePartner, rotateKey } from '../store/partners.ts';
import { rollBack } from '../store/manifests.ts';
import { fieldsUsedBy, operationsUsedBy } from '../store/usage.ts';
import { defaultLimits } from '../limits.ts';
import { buildSupergraph } from '../supergraph.ts';
import { ask, transports, type Question, type TransportName } from '../test/asking.ts';
import { overSocket, overSse, socketClient } from '../test/clients.ts';
import { send, startTestRouter } from '../test/router.ts';
import { newApiKey } from './api-key.ts';
import { publishManifest, type LiveApi } from './publish-manifest.ts';

let database: TestDatabase;
let sql: Database;
let router: Awaited<ReturnType<typeof startTestRouter>>;
let api: LiveApi;

beforeAll(async () => {
  database = await testDatabase(new URL('../store/migrations/', import.meta.url));
  sql = database.sql;
  router = await startTestRouter({
    DATABASE_URL: database.url,
    REDIS_URL: inject('redisUrl'),
  });
  const { apiSchema } = buildSupergraph(router.supergraphSdl, {});
  api = { schema: apiSchema, limits: defaultLimits };
});
afterAll(async () => {
  await router?.stop();
  await database?.drop();
});

const texts = {
  orders: 'query Orders($first: Int) { orders(first: $first) { id payment { status } } }',
  viewer: 'query Viewer { viewer }',
  place: 'mutation Place($id: ID!) { placeOrder(id: $id) { id } }',
  changes: 'subscription Changes($id: ID!) { orderStatusChanged(orderId: $id) { status } }',
};

let count = 0;
async function partner(manifest?: Record<string, string>, scopes: readonly string[] = []) {
  count += 1;
  const [name, { key, ...stored }] = [`partner-${count}`, newApiKey()];
  await addPartner(sql, { name, plan: 'partner', scopes }, stored);
  if (manifest) await publish(name, manifest);
  // A router hears of it in its own time.
  const [id = 'none'] = Object.keys(manifest ?? {});
  const question = { parameters: { id, variables: { first: 1 } }, apiKey: key };
  await eventually(async () => (await ask(router.url, 'POST', question)).codes).toEqual(
    manifest ? [] : ['PERSISTED_QUERY_NOT_FOUND'],
  );
  return { name, apiKey: key, prefix: stored.prefix };
}

async function publish(name: string, manifest: Record<string, string>) {
  return publishManifest(sql, api, { partner: name, text: JSON.stringify(manifest) });
}

/** Longer than anything here takes on a busy machine. */
function eventually<T>(probe: () => T) {
  return expect.poll(probe, { timeout: 20_000, interval: 20 });
}

const perTransport = transports.map((transport) => [transport] as const);

test.each(perTransport)('a partner runs what it has published, by %s', async (transport) => {
  const { apiKey } = await partner(texts);
  for (const parameters of [
    { documentId: 'orders' },
    { id: 'orders' },
    { doc_id: 'orders' },
    { extensions: { persistedQuery: { version: 1, sha256Hash: 'orders' } } },
    { documentId: 'orders', query: texts.orders, operationName: 'Orders' },
  ]) {
    const question = { parameters: { ...parameters, variables: { first: 1 } }, apiKey };
    const { data, codes } = await ask(router.url, transport, question);
    expect(codes).toEqual([]);
    expect(data).toEqual({ orders: [{ id: '1', payment: { status: 'paid-1' } }] });
  }
});

type Scene = Record<'own' | 'others', Awaited<ReturnType<typeof partner>>> & {
  readonly revoked: string;
};
let scene: Promise<Scene> | undefined;
function setScene(): Promise<Scene> {
  scene ??= (async () => {
    const own = await partner({ mine: texts.viewer });
    const others = await partner({ theirs: texts.viewer });
    const gone = await partner({ mine: texts.viewer });
    await revokePartner(sql, gone.name);
    await eventually(
      async () =>
        (await ask(router.url, 'POST', { parameters: { id: 'mine' }, apiKey: gone.apiKey })).codes,
    ).toEqual(['UNAUTHENTICATED']);
    return { own, others, revoked: gone.apiKey };
  })();
  return scene;
}

const refusals: [what: string, code: string, question: (scene: Scene) => Question][] = [
  [
    'an id of another partner',
    'PERSISTED_QUERY_NOT_FOUND',
    ({ own }) => ({ parameters: { documentId: 'theirs' }, apiKey: own.apiKey }),
  ],
  [
    'an id of nobody',
    'PERSISTED_QUERY_NOT_FOUND',
    ({ own }) => ({ parameters: { documentId: 'nobodys' }, apiKey: own.apiKey }),
  ],
  [
    'an id of another partner by extension',
    'PERSISTED_QUERY_NOT_FOUND',
    ({ own }) => ({
      parameters: { extensions: { persistedQuery: { version: 1, sha256Hash: 'theirs' } } },
      apiKey: own.apiKey,
    }),
  ],
  [
    'a text of its own',
    'PERSISTED_QUERY_ONLY',
    ({ own }) => ({ parameters: { query: '{ viewer }' }, apiKey: own.apiKey }),
  ],
  [
    'a text that it has published, without its id',
    'PERSISTED_QUERY_ONLY',
    ({ own }) => ({ parameters: { query: texts.viewer }, apiKey: own.apiKey }),
  ],
  [
    'another text beside an id',
    'PERSISTED_QUERY_ONLY',
    ({ own }) => ({ parameters: { query: '{ viewer }', documentId: 'mine' }, apiKey: own.apiKey }),
  ],
  [
    "another's text beside its id",
    'PERSISTED_QUERY_ONLY',
    ({ own }) => ({
      parameters: { query: texts.viewer, documentId: 'theirs' },
      apiKey: own.apiKey,
    }),
  ],
  [
    'a text that is no GraphQL',
    'PERSISTED_QUERY_ONLY',
    ({ own }) => ({ parameters: { query: '{' }, apiKey: own.apiKey }),
  ],
  [
    'a revoked key',
    'UNAUTHENTICATED',
    ({ revoked }) => ({ parameters: { documentId: 'mine' }, apiKey: revoked }),
  ],
  [
    'an unknown key',
    'UNAUTHENTICATED',
    () => ({ parameters: { documentId: 'mine' }, apiKey: newApiKey().key }),
  ],
  [
    'what is no key',
    'UNAUTHENTICATED',
    () => ({ parameters: { documentId: 'mine' }, apiKey: 'hello' }),
  ],
  ['an empty key', 'UNAUTHENTICATED', () => ({ parameters: { query: '{ viewer }' }, apiKey: '' })],
  [
    'a wrong token beside its key',
    'UNAUTHENTICATED',
    ({ own }) => ({
      parameters: { documentId: 'mine' },
      apiKey: own.apiKey,
      authorization: 'Bearer x',
    }),
  ],
  [
    'two ids',
    'BAD_REQUEST',
    ({ own }) => ({ parameters: { documentId: 'mine', id: 'theirs' }, apiKey: own.apiKey }),
  ],
  [
    'an id without a key',
    'PERSISTED_QUERY_NOT_FOUND',
    () => ({ parameters: { documentId: 'mine' } }),
  ],
];

test.each(
  refusals.flatMap(([what, code, question]) =>
    transports.map((transport) => [what, transport, code, question] as const),
  ),
)('%s by %s is refused with %s', async (_what, transport, code, question) => {
  const asked = question(await setScene());
  const seen = router.order.seen.length;
  const { codes, data, text } = await ask(router.url, transport, asked);
  expect(codes).toEqual([code]);
  expect(data ?? null).toBeNull();
  expect(text).not.toMatch(/theirs|partner-|ogk_/);
  expect(router.order.seen.length).toBe(seen);
});

test.each(perTransport)(
  "another partner's id looks exactly like nobody's, by %s",
  async (transport) => {
    const { own } = await setScene();
    const answer = async (documentId: string) => {
      const { status, text, headers } = await ask(router.url, transport, {
        parameters: { documentId },
        apiKey: own.apiKey,
      });
      const { date: _date, ...rest } = headers;
      return { status, text, headers: rest };
    };
    expect(await answer('theirs')).toEqual(await answer('nobody'));
  },
);

test('by GET a published mutation is not run, and says that it needs POST', async () => {
  const { apiKey } = await partner(texts);
  const seen = router.order.seen.length;
  const { status, headers } = await ask(router.url, 'GET', {
    parameters: { documentId: 'place', variables: { id: '1' } },
    apiKey,
  });
  expect(status).toBe(405);
  expect(headers['allow']).toBe('POST');
  expect(router.order.seen.length).toBe(seen);
});

test('what a GET gives is kept for the client alone, which asks again each time; an error is kept by nobody', async () => {
  const { apiKey } = await partner(texts);
  const question = { parameters: { id: 'orders', variables: { first: 1 } }, apiKey };
  const answered = await ask(router.url, 'GET', question);
  expect(answered.headers['cache-control']).toBe('private, no-cache');
  expect(answered.headers['vary']).toBe('origin, accept, authorization, x-api-key');
  const again = (tag: unknown) =>
    ask(router.url, 'GET', {
      ...question,
      headers: { 'if-none-match': `"other", W/${String(tag)}` },
    });
  expect(await again(answered.headers['etag'])).toMatchObject({ status: 304, text: '' });
  expect(await again('"another"')).toMatchObject({ status: 200, text: answered.text });
  const refused = await ask(router.url, 'GET', { parameters: { documentId: 'none' }, apiKey });
  expect(refused.headers['cache-control']).toBe('no-store');
  const unknown = await ask(router.url, 'GET', { ...question, apiKey: 'x' });
  expect(unknown).toMatchObject({ status: 401, headers: { 'cache-control': 'no-store' } });
  expect((await ask(router.url, 'POST', question)).headers['cache-control']).toBe('no-store');
});

test('a partner acts for itself with its scopes, and for a person with what both may', async () => {
  const { apiKey } = await partner(texts, ['a:read', 'c:read']);
  const viewer = async (authorization?: string): Promise<unknown> => {
    const { data } = await ask(router.url, 'POST', {
      parameters: { id: 'viewer' },
      apiKey,
      authorization,
    });
    return JSON.parse((data as { viewer: string }).viewer);
  };
  expect(await viewer()).toMatchObject({
    subject: expect.stringMatching(/^ptn_/),
    role: 'customer',
    scopes: ['a:read', 'c:read'],
  });
  const token = await router.tokens.token({ sub: 'bob', scope: 'a:read b:write' });
  expect(await viewer(`Bearer ${token}`)).toEqual({
    subject: 'bob',
    role: 'customer',
    scopes: ['a:read'],
  });
});

test.each([
  ['apiKey', (apiKey: string) => ({ init: { apiKey } })],
  ['X-API-Key', (key: string) => ({ init: { 'X-API-Key': key } })],
  ['both', (apiKey: string) => ({ init: { apiKey, 'X-API-Key': apiKey } })],
  ["the opening request's header", (key: string) => ({ headers: { 'x-api-key': key } })],
])('a WebSocket client may show its key by %s', async (_where, shown) => {
  const { apiKey } = await partner(texts);
  const question = { parameters: { id: 'viewer' }, ...shown(apiKey) };
  const { data } = await ask(router.url, 'WebSocket', question);
  expect(data).toEqual({ viewer: expect.stringContaining('ptn_') });
});

test.each([
  ['two keys that differ', (key: string, other: string) => ({ apiKey: key, 'X-API-Key': other })],
  ['a key that is no text', () => ({ apiKey: 7 })],
])('%s on a WebSocket are refused', async (_what, init) => {
  const [one, other] = [await partner(texts), await partner(texts)];
  const question = { parameters: { id: 'viewer' }, init: init(one.apiKey, other.apiKey) };
  expect(await ask(router.url, 'WebSocket', question)).toMatchObject({ status: 4401 });
});

/** A socket that stays open whatever comes, with what came, by the operation's id. */
async function openSocket(apiKey: string) {
  const socket = new WebSocket(router.url.replace('http', 'ws'), 'graphql-transport-ws');
  const received: { id?: string; type: string; payload?: unknown }[] = [];
  socket.on('message', (data: Buffer) => received.push(JSON.parse(data.toString())));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { apiKey } }));
  await eventually(() => received[0]?.type).toBe('connection_ack');
  const of = (id: string) => received.filter((message) => message.id === id);
  return {
    subscribe: (id: string, payload: object) =>
      socket.send(JSON.stringify({ type: 'subscribe', id, payload })),
    /** What came for an operation but for its end, and its end. */
    results: (id: string) => of(id).filter(({ type }) => type === 'next'),
    end: (id: string) => of(id).find(({ type }) => type !== 'next'),
    close: () => socket.terminate(),
  };
}

test('when a key is revoked its streams end with a code, and nothing more runs on its socket, while another key goes on', async () => {
  const { name, apiKey, prefix } = await partner(texts);
  const second = newApiKey();
  await rotateKey(sql, name, { key: second, overlapSeconds: 3_600 });
  const viewer = { parameters: { id: 'viewer' }, apiKey: second.key };
  await eventually(async () => (await ask(router.url, 'POST', viewer)).codes).toEqual([]);
  const [one, other] = [await openSocket(apiKey), await openSocket(second.key)];
  for (const socket of [one, other]) {
    socket.subscribe('s', { id: 'changes', variables: { id: 'r' } });
  }
  const tell = (cursor: string): void =>
    router.order.publish({ orderStatusChanged: { cursor, status: 'PLACED', order: { id: 'r' } } });
  // Both have begun once both have been told something.
  const begun = (): boolean => {
    tell('c');
    return [one, other].every(({ results }) => results('s').length > 0);
  };
  await eventually(begun).toBe(true);

  await revokeKey(sql, name, prefix);
  const refused = { type: 'error', payload: [{ extensions: { code: 'UNAUTHENTICATED' } }] };
  await eventually(() => one.end('s')).toMatchObject(refused);
  one.subscribe('q', { id: 'viewer' });
  other.subscribe('q', { id: 'viewer' });
  await eventually(() => one.end('q')).toMatchObject(refused);
  await eventually(() => other.end('q')).toMatchObject({ type: 'complete' });
  const before = other.results('s').length;
  tell('d');
  await eventually(() => other.results('s').length).toBeGreaterThan(before);
  expect(other.end('s')).toBeUndefined();
  const { text } = await send(router.url.replace('/graphql', '/metrics'), { method: 'GET' });
  expect(text).toMatch(
    /streams_ended_total\{transport="websocket",outcome="UNAUTHENTICATED"\} 1\n/,
  );
  one.close();
  other.close();
});

test('an open connection sees a new manifest, and its rollback, at the next operation', async () => {
  const { name, apiKey } = await partner({ op: 'query One { one: viewer }' });
  const socket = await openSocket(apiKey);
  let asked = 0;
  const names = async (): Promise<string[]> => {
    asked += 1;
    const id = String(asked);
    socket.subscribe(id, { documentId: 'op' });
    await eventually(() => socket.end(id)).toMatchObject({ type: 'complete' });
    const results = socket.results(id).map(({ payload }) => payload as { data: object });
    return results.flatMap(({ data }) => Object.keys(data));
  };
  expect(await names()).toEqual(['one']);
  await publish(name, { op: 'query Two { two: viewer }' });
  await eventually(names).toEqual(['two']);
  await rollBack(sql, name);
  await eventually(names).toEqual(['one']);
  socket.close();
});

test("a client of graphql-ws and one of graphql-sse run a partner's operations", async () => {
  const { apiKey } = await partner(texts);
  const extensions = { persistedQuery: { version: 1, sha256Hash: 'viewer' } };
  const operation = { query: '', extensions };
  const client = socketClient(router.url, { apiKey });
  const received = [
    overSocket(client, operation),
    overSse(router.url, operation, { 'x-api-key': apiKey }),
  ];
  for (const one of received) {
    await eventually(() => one.end).toBe('complete');
    expect(one.results).toEqual([{ data: { viewer: expect.stringContaining('ptn_') } }]);
  }
  await client.dispose();
});

test('a text that somebody kept is not there for partners, nor for those who are nobody', async () => {
  const authorization = `Bearer ${await router.tokens.token()}`;
  const query = `query Kept { viewer } # ${randomUUID()}`;
  const sha256Hash = textHash(query);
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  const { apiKey } = await partner(texts);
  const asked = async (transport: TransportName, question: Partial<Question>) =>
    (await ask(router.url, transport, { parameters: { extensions }, ...question })).codes;

  for (const nobody of [{}, { apiKey }])
    expect(await asked('POST', nobody)).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
  // Who is nobody may send both, and leaves nothing behind.
  expect(await asked('POST', { parameters: { query, extensions } })).toEqual([]);
  expect(await asked('POST', { authorization })).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
  expect(await asked('POST', { authorization, parameters: { query, extensions } })).toEqual([]);
  for (const transport of transports) expect(await asked(transport, { authorization })).toEqual([]);
  for (const nobody of [{}, { apiKey }])
    expect(await asked('POST', nobody)).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
  const wrong = { query: `${query} `, extensions };
  expect(await asked('POST', { authorization, parameters: wrong })).toEqual(['BAD_REQUEST']);
});

test('a text that is no valid operation is not kept', async () => {
  const authorization = `Bearer ${await router.tokens.token()}`;
  const query = `query Bad { nothing } # ${randomUUID()}`;
  const extensions = {
    persistedQuery: { version: 1, sha256Hash: textHash(query) },
  };
  const both = await ask(router.url, 'POST', { authorization, parameters: { query, extensions } });
  expect(both.codes).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  const byHash = await ask(router.url, 'POST', { authorization, parameters: { extensions } });
  expect(byHash.codes).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
});

test('what a partner uses is counted by operation and field once the router stops at the latest', async () => {
  const other = await router.start();
  const { name, apiKey } = await partner(texts);
  const question = { parameters: { id: 'orders', variables: { first: 1 } }, apiKey };
  await eventually(async () => (await ask(other.url, 'POST', question)).codes).toEqual([]);
  for (const transport of transports) await ask(other.url, transport, question);
  await ask(other.url, 'POST', { parameters: { id: 'unknown' }, apiKey });
  await other.stop();
  const used = await operationsUsedBy(sql, name, 1);
  expect(used).toMatchObject([{ name: 'Orders', type: 'query' }]);
  expect(used[0]?.requests).toBeGreaterThanOrEqual(transports.length + 1);
  const fields = (await fieldsUsedBy(sql, name, 1)).map(({ field }) => field);
  expect(fields).toEqual([
    'Order.id',
    'Order.payment',
    'Payment.status',
    'Query.orders',
    'Query.orders(first:)',
  ]);
});

test('two routers answer alike, and a router without a database takes no key', async () => {
  const { apiKey } = await partner(texts);
  const question = { parameters: { id: 'viewer' }, apiKey };
  const second = await router.start();
  await eventually(async () => (await ask(second.url, 'POST', question)).codes).toEqual([]);
  await second.stop();
  const without = await router.start({ DATABASE_URL: '' });
  expect((await ask(without.url, 'POST', question)).codes).toEqual(['UNAUTHENTICATED']);
  await without.stop();
});
