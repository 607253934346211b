/** The HTTP door: what it takes, what it refuses, and how. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { portOf } from './test/ports.ts';
import { post, send, startTestRouter } from './test/router.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;
beforeAll(async () => {
  world = await startTestRouter({
    BODY_LIMIT_BYTES: '100000',
    ALLOWED_ORIGINS: 'https://shop.test, https://staff.test',
  });
});
afterAll(() => world.stop());

const json = { 'content-type': 'application/json' };
const csrf = { 'apollo-require-preflight': '1' };
const body = (value: unknown) => JSON.stringify(value);
const get = (search: Record<string, string>, headers: Record<string, string> = csrf) =>
  send(`${world.url}?${new URLSearchParams(search)}`, { method: 'GET', headers });

/** Twenty fragments, each spreading the next one twice: some hundred bytes for a million selections. */
function fragmentBomb(levels: number): string {
  const fragments = Array.from(
    { length: levels },
    (_, i) => `fragment F${i} on Order { a: parent { ...F${i + 1} } b: parent { ...F${i + 1} } }`,
  );
  return `{ order(id: "1") { ...F0 } } ${fragments.join(' ')} fragment F${levels} on Order { id }`;
}

function flatBomb(levels: number): string {
  const fragments = Array.from(
    { length: levels },
    (_, i) => `fragment F${i} on Order { ...F${i + 1} ... on Order { ...F${i + 1} } }`,
  );
  return `{ order(id: "1") { ...F0 } } ${fragments.join(' ')} fragment F${levels} on Order { id }`;
}

type Refusal = readonly [
  what: string,
  request: {
    method?: 'GET' | 'POST' | 'PUT';
    headers?: Record<string, string>;
    body?: string;
    search?: string;
  },
  status: number,
  code: string,
];

const refusals: readonly Refusal[] = [
  ['bad JSON', { headers: json, body: '{"query":' }, 400, 'BAD_REQUEST'],
  ['no body', { headers: json, body: '' }, 400, 'BAD_REQUEST'],
  ['a batch', { headers: json, body: body([{ query: '{ viewer }' }]) }, 400, 'BAD_REQUEST'],
  ['a number', { headers: json, body: '5' }, 400, 'BAD_REQUEST'],
  ['no query', { headers: json, body: '{}' }, 400, 'BAD_REQUEST'],
  ['a query that is no text', { headers: json, body: body({ query: 1 }) }, 400, 'BAD_REQUEST'],
  [
    'variables that are no object',
    { headers: json, body: body({ query: '{ viewer }', variables: [1] }) },
    400,
    'BAD_REQUEST',
  ],
  [
    'an operation name that is no text',
    { headers: json, body: body({ query: '{ viewer }', operationName: {} }) },
    400,
    'BAD_REQUEST',
  ],
  [
    'extensions that are no object',
    { headers: json, body: body({ query: '{ viewer }', extensions: 'x' }) },
    400,
    'BAD_REQUEST',
  ],
  ['a syntax error', { headers: json, body: body({ query: '{' }) }, 400, 'GRAPHQL_PARSE_FAILED'],
  ['an empty document', { headers: json, body: body({ query: ' ' }) }, 400, 'GRAPHQL_PARSE_FAILED'],
  [
    'an unknown field',
    { headers: json, body: body({ query: '{ viewr }' }) },
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'fragments in a circle',
    {
      headers: json,
      body: body({
        query:
          '{ order(id: "1") { ...A } } fragment A on Order { ...B } fragment B on Order { ...A }',
      }),
    },
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'two anonymous operations',
    { headers: json, body: body({ query: '{ viewer } { viewer }' }) },
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  [
    'an operation that is not there',
    { headers: json, body: body({ query: 'query A { viewer }', operationName: 'B' }) },
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  [
    'only a fragment',
    { headers: json, body: body({ query: 'fragment A on Order { id }' }) },
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  [
    'a type definition',
    { headers: json, body: body({ query: 'type A { a: Int }' }) },
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  [
    'a variable of a wrong type',
    {
      headers: json,
      body: body({ query: 'query ($n: Int) { orders(first: $n) { id } }', variables: { n: 'x' } }),
    },
    400,
    'BAD_USER_INPUT',
  ],
  [
    'a variable missing',
    { headers: json, body: body({ query: 'query ($id: ID!) { order(id: $id) { id } }' }) },
    400,
    'BAD_USER_INPUT',
  ],
  [
    'too many tokens',
    { headers: json, body: body({ query: `{ ${'viewer '.repeat(6_000)} }` }) },
    400,
    'QUERY_TOO_COMPLEX',
  ],
  [
    'too deep a query',
    {
      headers: json,
      body: body({
        query: `{ order(id: "1") { ${'parent { '.repeat(30)} id ${'}'.repeat(30)} } }`,
      }),
    },
    400,
    'QUERY_TOO_COMPLEX',
  ],
  [
    'a query deep enough to exhaust a parser',
    { headers: json, body: body({ query: '{a'.repeat(2_400) }) },
    400,
    'QUERY_TOO_COMPLEX',
  ],
  [
    'a value nested too deep',
    {
      headers: json,
      body: body({ query: `{ order(id: ${'['.repeat(60)}1${']'.repeat(60)}) { id } }` }),
    },
    400,
    'QUERY_TOO_COMPLEX',
  ],
  [
    'a fragment bomb',
    { headers: json, body: body({ query: fragmentBomb(18) }) },
    400,
    'QUERY_TOO_COMPLEX',
  ],
  [
    'a flat fragment bomb',
    { headers: json, body: body({ query: flatBomb(18) }) },
    400,
    'QUERY_TOO_COMPLEX',
  ],
  [
    'a body over the limit',
    { headers: json, body: body({ query: `{ viewer } # ${'x'.repeat(100_000)}` }) },
    413,
    'BAD_REQUEST',
  ],
  [
    'a form',
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'query={viewer}' },
    415,
    'BAD_REQUEST',
  ],
  [
    'plain text',
    { headers: { 'content-type': 'text/plain' }, body: body({ query: '{ viewer }' }) },
    415,
    'BAD_REQUEST',
  ],
  [
    'GraphQL without JSON',
    { headers: { 'content-type': 'application/graphql' }, body: '{ viewer }' },
    415,
    'BAD_REQUEST',
  ],
  ['no content type', { body: body({ query: '{ viewer }' }) }, 415, 'BAD_REQUEST'],
  [
    'a GET that an image on a foreign page makes',
    { method: 'GET', search: '?query={viewer}', headers: { 'sec-fetch-site': 'cross-site' } },
    400,
    'BAD_REQUEST',
  ],
  [
    'a GET that a script on a foreign page makes',
    {
      method: 'GET',
      search: '?query={viewer}',
      headers: { 'content-type': 'text/plain', origin: 'https://evil.test' },
    },
    400,
    'BAD_REQUEST',
  ],
  [
    'a mutation by GET',
    { method: 'GET', search: '?query=mutation{placeOrder(id:1){id}}', headers: csrf },
    405,
    'BAD_REQUEST',
  ],
  [
    'GET with variables that are no JSON',
    { method: 'GET', search: '?query={viewer}&variables=x', headers: csrf },
    400,
    'BAD_REQUEST',
  ],
  [
    'a subscription without a stream',
    { headers: json, body: body({ query: 'subscription { ticks }' }) },
    400,
    'BAD_REQUEST',
  ],
  [
    'nothing we can give',
    { headers: { ...json, accept: 'image/png' }, body: body({ query: '{ viewer }' }) },
    406,
    'BAD_REQUEST',
  ],
  [
    'a scheme that is not Bearer',
    { headers: { ...json, authorization: 'Basic abc' }, body: body({ query: '{ viewer }' }) },
    401,
    'UNAUTHENTICATED',
  ],
  [
    'a token that is none',
    { headers: { ...json, authorization: 'Bearer abc' }, body: body({ query: '{ viewer }' }) },
    401,
    'UNAUTHENTICATED',
  ],
];

test.each(refusals)('%s is refused with JSON and a code', async (_, request, status, code) => {
  const { method = 'POST', headers = {}, search = '', ...rest } = request;
  const answer = await send(world.url + search, { method, headers, ...rest });
  expect(answer.headers['content-type']).toMatch(/json/);
  expect(answer.body.errors[0]).toMatchObject({
    message: expect.any(String),
    extensions: { code },
  });
  expect(answer.status).toBe(status);
  expect(answer.body.data).toBeUndefined();
  expect(answer.text).not.toMatch(/ at |node_modules|127\.0\.0\.1|file:/);
});

test('an unknown method and an unknown path are refused with JSON', async () => {
  const put = await send(world.url, { method: 'PUT', headers: json, body: '{}' });
  const path = await send(world.url.replace('/graphql', '/nothing'), { method: 'GET' });
  expect([put.status, path.status]).toEqual([405, 404]);
  expect([put.body.errors[0].extensions.code, path.body.errors[0].extensions.code]).toEqual([
    'BAD_REQUEST',
    'BAD_REQUEST',
  ]);
});

test('many uses of flat fragments are not too complex', async () => {
  const uses = Array.from({ length: 60 }, (_, i) => `o${i}: order(id: "${i}") { ...F }`).join(' ');
  const answer = await post(
    world.url,
    `{ ${uses} } fragment F on Order { id status payment { status } }`,
  );
  expect(answer.status).toBe(200);
  expect(answer.body.errors).toBeUndefined();
  expect(Object.keys(answer.body.data)).toHaveLength(60);
});

test('a query comes by GET, with variables and a name', async () => {
  const answer = await get({
    query: 'query A($id: ID!) { order(id: $id) { id } } query B { viewer }',
    operationName: 'A',
    variables: '{"id":"5"}',
  });
  expect(answer.body).toEqual({ data: { order: { id: '5' } } });
});

test('a plain GET that no foreign page has made is served', async () => {
  const own = [{}, { 'sec-fetch-site': 'same-origin' }, { origin: 'https://shop.test' }];
  for (const headers of own) {
    const answer = await get({ query: '{ paymentsReady }' }, headers);
    expect(answer.body).toEqual({ data: { paymentsReady: true } });
  }
});

test.each(['x-apollo-operation-name', 'apollo-require-preflight', 'x-graphql-csrf'])(
  'GET with the header %s is served',
  async (header) => {
    expect((await get({ query: '{ viewer }' }, { [header]: '1' })).status).toBe(200);
  },
);

async function typeFor(accept: string): Promise<string | undefined> {
  const answer = await post(world.url, '{ viewer }', { headers: { accept } });
  return String(answer.headers['content-type']).split(';')[0];
}

async function statusFor(accept: string, query: string): Promise<number> {
  return (await post(world.url, query, { headers: { accept } })).status;
}

async function preflight(origin: string) {
  const answer = await send(world.url, { method: 'OPTIONS', headers: { origin } });
  return answer.headers['access-control-allow-origin'];
}

test('the answer has the media type that was asked for', async () => {
  expect(await typeFor('*/*')).toBe('application/json');
  expect(await typeFor('application/json')).toBe('application/json');
  expect(await typeFor('application/graphql-response+json, application/json;q=0.9')).toBe(
    'application/graphql-response+json',
  );
  expect(await typeFor('application/json;q=0.2, application/graphql-response+json;q=0.1')).toBe(
    'application/json',
  );
});

test('a client that asks for application/json gets 200 for a refused operation, as the specification has it', async () => {
  expect(await statusFor('application/json', '{ nothing }')).toBe(200);
  expect(await statusFor('application/graphql-response+json', '{ nothing }')).toBe(400);
  expect(await statusFor('*/*', '{ nothing }')).toBe(400);
});

test('pages of allowed origins may call, others get no permission', async () => {
  expect(await preflight('https://shop.test')).toBe('https://shop.test');
  expect(await preflight('https://staff.test')).toBe('https://staff.test');
  expect(await preflight('https://evil.test')).toBeUndefined();
});

test('a browser gets the IDE from the router itself, outside production only', async () => {
  const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  const page = await send(world.url, { method: 'GET', headers: html });
  expect(page.status).toBe(200);
  expect(page.headers['content-type']).toMatch(/text\/html/);
  expect(page.text).not.toMatch(/<(script|link)[^>]+(src|href)="(https?:)?\/\//);
  const production = await world.start({ NODE_ENV: 'production' });
  const refused = await send(production.url, { method: 'GET', headers: html });
  await production.stop();
  expect(refused.status).toBe(400);
});

test('tokens are checked: signature, issuer, audience, expiry, role', async () => {
  const { tokens } = world;
  const status = async (token: string) =>
    (await post(world.url, '{ viewer }', { headers: { authorization: `Bearer ${token}` } })).status;
  const good = await tokens.token({ role: 'staff' });
  const [head, payload] = good.split('.');
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
  expect(await status(good)).toBe(200);
  expect(await status(`${head}.${payload}.AAAA`)).toBe(401);
  expect(await status(none)).toBe(401);
  expect(await status(await tokens.token({ iss: 'https://other.test' }))).toBe(401);
  expect(await status(await tokens.token({ aud: 'other' }))).toBe(401);
  expect(await status(await tokens.token({}, -60))).toBe(401);
  expect(await status(await tokens.token({ role: 'root' }))).toBe(401);
  expect(await status(await tokens.token({ sub: '' }))).toBe(401);
});

test('health tells of each subgraph, and a dead one does not make the router unready', async () => {
  const router = await world.start({ SUBGRAPH_URLS: '{"payment":"http://127.0.0.1:9/graphql"}' });
  const live = await send(router.url.replace('/graphql', '/health/live'), { method: 'GET' });
  const ready = await send(router.url.replace('/graphql', '/health/ready'), { method: 'GET' });
  await router.stop();
  expect(live.status).toBe(200);
  expect(ready.status).toBe(200);
  expect(ready.body).toEqual({
    status: 'ready',
    subgraphs: { order: 'ready', payment: 'unavailable' },
  });
});

test('a webhook is handed through byte for byte, with its signature and without our own headers', async () => {
  const received: { headers: IncomingHttpHeaders; body: Buffer; url: string | undefined }[] = [];
  const target = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks), url: request.url });
      if (request.url === '/hang') return;
      response.writeHead(202, { 'content-type': 'application/json' }).end('{"ok":true}');
    });
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${portOf(target)}`;
  const router = await world.start({
    WEBHOOK_TARGETS: body({
      sandbox: `${base}/webhooks/sandbox`,
      slow: `${base}/hang`,
      dead: 'http://127.0.0.1:9/',
    }),
    WEBHOOK_TIMEOUT_MS: '200',
  });
  const deliver = (channel: string, bytes: Buffer) =>
    send(router.url.replace('/graphql', `/webhooks/${channel}`), {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'sandbox-signature': 't=1,v1=ab',
        'x-ordergraph-identity': 'forged',
        authorization: 'Bearer x',
      },
      body: bytes,
    });
  const bytes = Buffer.from('{ "a":1,\r\n "é": "\\u0000" }\xff', 'latin1');
  const accepted = await deliver('sandbox', bytes);
  const [unknown, slow, dead, large] = await Promise.all([
    deliver('unknown', bytes),
    deliver('slow', bytes),
    deliver('dead', bytes),
    deliver('sandbox', Buffer.alloc(1024 * 1024 + 1)),
  ]);
  await router.stop();
  target.closeAllConnections();
  target.close();
  expect([accepted.status, accepted.text]).toEqual([202, '{"ok":true}']);
  expect(received[0]?.body.equals(bytes)).toBe(true);
  expect(received[0]?.url).toBe('/webhooks/sandbox');
  expect(received[0]?.headers).toMatchObject({
    'sandbox-signature': 't=1,v1=ab',
    'content-type': 'application/json; charset=utf-8',
  });
  expect(received[0]?.headers).not.toHaveProperty('x-ordergraph-identity');
  expect(received[0]?.headers).not.toHaveProperty('authorization');
  expect([unknown.status, slow.status, dead.status, large.status]).toEqual([404, 504, 503, 413]);
  expect(
    [unknown, slow, dead, large].map((answer) => answer.body.errors[0].extensions.code),
  ).toEqual(['BAD_REQUEST', 'TIMEOUT', 'SERVICE_UNAVAILABLE', 'BAD_REQUEST']);
});
