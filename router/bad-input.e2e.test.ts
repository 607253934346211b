/**
 * What makes no sense, by every door: each has its status and its code, says nothing of what is inside, and disturbs nobody.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { isRecord } from './request.ts';
import { post, send, startTestRouter } from './test/router.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;
beforeAll(async () => {
  world = await startTestRouter({
    NODE_ENV: 'production',
    BODY_LIMIT_BYTES: '100000',
    SOCKET_INIT_TIMEOUT_MS: '300',
    SOCKET_OPERATIONS_MAX: '3',
  });
});
afterAll(() => world.stop());

const json = { 'content-type': 'application/json' };
const csrf = { 'apollo-require-preflight': '1' };
const text = (value: unknown) => JSON.stringify(value);
const asking = (query: unknown, more: object = {}) => ({
  headers: json,
  body: text({ query, ...more }),
});
const many = (count: number, piece: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => piece(i)).join(' ');

/** What an error must never hold: code, files, addresses, suggestions, secrets. */
const leaks =
  /\bat .+:\d+|node_modules|127\.0\.0\.1|localhost|file:|\.ts\b|[Dd]id you mean|stack|secret/;

/** Fragments that spread the next one twice, behind aliases. */
function fragmentBomb(levels: number): string {
  const fragments = many(
    levels,
    (i) => `fragment F${i} on Order { a: parent { ...F${i + 1} } b: parent { ...F${i + 1} } }`,
  );
  return `{ order(id: "1") { ...F0 } } ${fragments} fragment F${levels} on Order { id }`;
}

type HttpRequest = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'TRACE';
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
};

const order = 'query ($id: ID!) { order(id: $id) { id } }';
const find = 'query ($f: OrderFilter!) { find(filter: $f) { id } }';
const get = (search: string, headers: Record<string, string> = csrf): HttpRequest => ({
  method: 'GET',
  path: `?${search}`,
  headers,
});

const httpFormat: Record<string, readonly [HttpRequest, status: number, code: string]> = {
  'half a body': [{ headers: json, body: '{"query":' }, 400, 'BAD_REQUEST'],
  'no body': [{ headers: json, body: '' }, 400, 'BAD_REQUEST'],
  'a body of blanks': [{ headers: json, body: '  \n ' }, 400, 'BAD_REQUEST'],
  'a body that is no text': [
    { headers: json, body: Buffer.from([0xff, 0xfe, 0x00]) },
    400,
    'BAD_REQUEST',
  ],
  'a body with a NUL': [{ headers: json, body: '{"query":"{viewer}"}\0' }, 400, 'BAD_REQUEST'],
  'a compressed body': [
    {
      headers: { ...json, 'content-encoding': 'gzip' },
      body: gzipSync(text({ query: '{ viewer }' })),
    },
    400,
    'BAD_REQUEST',
  ],
  'a body in another alphabet': [
    { headers: json, body: Buffer.from(text({ query: '{ viewer }' }), 'utf16le') },
    400,
    'BAD_REQUEST',
  ],
  null: [{ headers: json, body: 'null' }, 400, 'BAD_REQUEST'],
  'a number': [{ headers: json, body: '5' }, 400, 'BAD_REQUEST'],
  'a text': [{ headers: json, body: '"{ viewer }"' }, 400, 'BAD_REQUEST'],
  'a batch': [{ headers: json, body: text([{ query: '{ viewer }' }]) }, 400, 'BAD_REQUEST'],
  'an empty batch': [{ headers: json, body: '[]' }, 400, 'BAD_REQUEST'],
  'a body over the limit': [asking(`{ viewer } # ${'x'.repeat(100_000)}`), 413, 'BAD_REQUEST'],
  'brackets without end': [{ headers: json, body: '['.repeat(90_000) }, 400, 'BAD_REQUEST'],
  'no operation at all': [{ headers: json, body: '{}' }, 400, 'BAD_REQUEST'],
  'a query that is a number': [asking(1), 400, 'BAD_REQUEST'],
  'a query that is null': [asking(null), 400, 'BAD_REQUEST'],
  'a query that is a list': [asking(['{ viewer }']), 400, 'BAD_REQUEST'],
  'variables that are a list': [asking('{ viewer }', { variables: [1] }), 400, 'BAD_REQUEST'],
  'variables that are a text': [asking('{ viewer }', { variables: '{}' }), 400, 'BAD_REQUEST'],
  'an operation name that is an object': [
    asking('{ viewer }', { operationName: {} }),
    400,
    'BAD_REQUEST',
  ],
  'extensions that are a text': [asking('{ viewer }', { extensions: 'x' }), 400, 'BAD_REQUEST'],
  'a form': [
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'query={viewer}' },
    415,
    'BAD_REQUEST',
  ],
  'a form with files': [
    { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' },
    415,
    'BAD_REQUEST',
  ],
  'plain text': [{ headers: { 'content-type': 'text/plain' }, body: '{}' }, 415, 'BAD_REQUEST'],
  'a type that is none': [{ headers: { 'content-type': ';;' }, body: '{}' }, 415, 'BAD_REQUEST'],
  'no type': [{ body: text({ query: '{ viewer }' }) }, 415, 'BAD_REQUEST'],
  'nothing we can give': [
    { headers: { ...json, accept: 'image/png' }, body: text({ query: '{ viewer }' }) },
    406,
    'BAD_REQUEST',
  ],
  PUT: [{ method: 'PUT', ...asking('{ viewer }') }, 405, 'BAD_REQUEST'],
  DELETE: [{ method: 'DELETE', headers: csrf }, 405, 'BAD_REQUEST'],
  PATCH: [{ method: 'PATCH', ...asking('{ viewer }') }, 405, 'BAD_REQUEST'],
  TRACE: [{ method: 'TRACE', headers: csrf }, 405, 'BAD_REQUEST'],
  'a key that comes twice, of which the last counts': [
    { headers: json, body: '{"query":"{ viewer }","query":5}' },
    400,
    'BAD_REQUEST',
  ],
  'a query that hides in a prototype': [
    { headers: json, body: '{"__proto__":{"query":"{ viewer }"}}' },
    400,
    'BAD_REQUEST',
  ],
  'a type that comes twice': [
    { headers: { 'content-type': 'application/json, text/plain' }, body: '{}' },
    415,
    'BAD_REQUEST',
  ],
  'a path that is none': [{ path: '/../nothing', ...asking('{ viewer }') }, 404, 'BAD_REQUEST'],
  'GET from a foreign page': [
    get('query={viewer}', { 'sec-fetch-site': 'cross-site' }),
    400,
    'BAD_REQUEST',
  ],
  'GET without a query': [get(''), 400, 'BAD_REQUEST'],
  'GET with half a variable': [get('query={viewer}&variables={'), 400, 'BAD_REQUEST'],
  'GET with variables that are a list': [get('query={viewer}&variables=[]'), 400, 'BAD_REQUEST'],
  'GET with extensions that are no JSON': [get('query={viewer}&extensions=x'), 400, 'BAD_REQUEST'],
  'GET with letters that are none': [get('query=%ff%fe'), 400, 'GRAPHQL_PARSE_FAILED'],
  'GET with half an escape': [get('query={viewer%'), 400, 'GRAPHQL_PARSE_FAILED'],
  'GET with half a letter': [get('query=%E0%A4%A'), 400, 'GRAPHQL_PARSE_FAILED'],
  'GET with a NUL': [get('query={viewer}%00'), 400, 'GRAPHQL_PARSE_FAILED'],
  'GET with a query that hides in a prototype': [
    get('__proto__[query]={viewer}&constructor=x'),
    400,
    'BAD_REQUEST',
  ],
  'GET with two queries, of which the last counts': [
    get('query={viewer}&query={'),
    400,
    'GRAPHQL_PARSE_FAILED',
  ],
  'GET of a mutation': [get('query=mutation{placeOrder(id:1){id}}'), 405, 'BAD_REQUEST'],
  'GET of a stream without one': [get('query=subscription{ticks}'), 400, 'BAD_REQUEST'],
  'a subscription without a stream': [asking('subscription { ticks }'), 400, 'BAD_REQUEST'],
};

const shapes: Record<string, readonly [HttpRequest, status: number, code: string]> = {
  'half a query': [asking('{'), 400, 'GRAPHQL_PARSE_FAILED'],
  'only blanks': [asking('  \n '), 400, 'GRAPHQL_PARSE_FAILED'],
  'only a comment': [asking('# { viewer }'), 400, 'GRAPHQL_PARSE_FAILED'],
  'a text without end': [asking('{ order(id: "1) { id } }'), 400, 'GRAPHQL_PARSE_FAILED'],
  'a NUL': [asking('{ viewer }\0'), 400, 'GRAPHQL_PARSE_FAILED'],
  'half a surrogate pair': [asking('{ viewer } \ud800'), 400, 'GRAPHQL_PARSE_FAILED'],
  'half a surrogate pair in a text': [
    asking('{ order(id: "\\uD800") { id } }'),
    400,
    'GRAPHQL_PARSE_FAILED',
  ],
  'a name that every object has': [
    asking('{ viewer }', { operationName: 'constructor' }),
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  'fields that every object has': [
    asking('{ __proto__ constructor }'),
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'a directive where it may not be': [
    asking('query @skip(if: true) { viewer }'),
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  SQL: [asking("'; drop table orders; --"), 400, 'GRAPHQL_PARSE_FAILED'],
  'a schema': [asking('type A { a: Int }'), 400, 'OPERATION_RESOLUTION_FAILURE'],
  'only a fragment': [asking('fragment A on Order { id }'), 400, 'OPERATION_RESOLUTION_FAILURE'],
  'two operations without a name': [
    asking('{ viewer } { viewer }'),
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  'a name that is not there': [
    asking('query A { viewer }', { operationName: 'B' }),
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  'a field that is nearly one': [asking('{ viewr }'), 400, 'GRAPHQL_VALIDATION_FAILED'],
  'an argument that is nearly one': [
    asking('{ order(idd: 1) { id } }'),
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'a type that is nearly one': [
    asking('query ($id: IDD) { viewer }'),
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'a value that is nearly one': [
    asking('{ find(filter: { status: PLACE }) { id } }'),
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'no fields of an object': [asking('{ order(id: 1) }'), 400, 'GRAPHQL_VALIDATION_FAILED'],
  'fields of a text': [asking('{ viewer { name } }'), 400, 'GRAPHQL_VALIDATION_FAILED'],
  'fields that contradict each other': [
    asking('{ o: order(id: 1) { id } o: order(id: 2) { id } }'),
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'fragments in a circle': [
    asking('{ order(id: 1) { ...A } } fragment A on Order { ...B } fragment B on Order { ...A }'),
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'a fragment that is not there': [asking('{ ...Nothing }'), 400, 'GRAPHQL_VALIDATION_FAILED'],
  'a directive that is not there': [
    asking('{ viewer @nothing }'),
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'the schema, in production': [
    asking('{ __schema { types { name } } }'),
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'what only the router may ask of subgraphs': [
    asking('{ _service { sdl } }'),
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'two subscriptions in one': [
    {
      headers: { ...json, accept: 'text/event-stream' },
      body: text({ query: 'subscription { a: ticks b: ticks }' }),
    },
    200,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'a variable that is missing': [asking(order), 400, 'BAD_USER_INPUT'],
  'a variable that is null': [asking(order, { variables: { id: null } }), 400, 'BAD_USER_INPUT'],
  'a variable of another type': [
    asking(order, { variables: { id: { a: 1 } } }),
    400,
    'BAD_USER_INPUT',
  ],
  'a variable with a field that is nearly one': [
    asking(find, { variables: { f: { statuss: 'PLACED' } } }),
    400,
    'BAD_USER_INPUT',
  ],
  'a variable with a value that is nearly one': [
    asking(find, { variables: { f: { status: 'PLACE' } } }),
    400,
    'BAD_USER_INPUT',
  ],
  'a variable that is a prototype': [
    {
      headers: json,
      body: `{"query":${text(find)},"variables":{"f":{"__proto__":{"status":"PLACED"}}}}`,
    },
    400,
    'BAD_USER_INPUT',
  ],
  'variables that hide in a prototype': [
    { headers: json, body: `{"query":${text(order)},"variables":{"__proto__":{"id":"1"}}}` },
    400,
    'BAD_USER_INPUT',
  ],
  'a number beyond 32 bits': [
    asking('query ($n: Int) { orders(first: $n) { id } }', { variables: { n: 2 ** 31 } }),
    400,
    'BAD_USER_INPUT',
  ],
  'a fragment bomb of twenty levels': [asking(fragmentBomb(20)), 400, 'QUERY_TOO_COMPLEX'],
  'fields deeper than anybody needs': [
    asking(`{ order(id: 1) { ${'parent { '.repeat(30)} id ${'}'.repeat(30)} } }`),
    400,
    'QUERY_TOO_COMPLEX',
  ],
  'a query that would exhaust a parser': [asking('{a'.repeat(2_400)), 400, 'QUERY_TOO_COMPLEX'],
  'too many words': [asking(`{ ${'viewer '.repeat(6_000)} }`), 400, 'QUERY_TOO_COMPLEX'],
  'too many aliases': [
    asking(`{ order(id: 1) { ${many(1_100, (i) => `a${i}: id`)} } }`),
    400,
    'QUERY_TOO_COMPLEX',
  ],
  'too many root fields': [
    asking(`{ ${many(510, (i) => `a${i}: viewer`)} }`),
    400,
    'QUERY_TOO_COMPLEX',
  ],
  'too many directives': [
    asking(`{ ${many(250, () => 'viewer @skip(if: false)')} }`),
    400,
    'QUERY_TOO_COMPLEX',
  ],
  'one field so often that validation would take long': [
    asking(`{ ${'order(id: 1) { id } '.repeat(400)} }`),
    400,
    'QUERY_TOO_COMPLEX',
  ],
  'a literal nested too deep': [
    asking(`{ order(id: ${'['.repeat(60)}1${']'.repeat(60)}) { id } }`),
    400,
    'QUERY_TOO_COMPLEX',
  ],
  'a variable nested too deep': [
    {
      headers: json,
      body: `{"query":${text(find)},"variables":{"f":${'{"a":['.repeat(4_000)}1${']}'.repeat(4_000)}}}`,
    },
    400,
    'QUERY_TOO_COMPLEX',
  ],
};

const bearer = (token: string) => ({ headers: { ...json, authorization: `Bearer ${token}` } });
const viewer = { body: text({ query: '{ viewer }' }) };

const credentials: Record<string, readonly [HttpRequest, status: number, code: string]> = {
  'a password': [
    { headers: { ...json, authorization: 'Basic YTpi' }, ...viewer },
    401,
    'UNAUTHENTICATED',
  ],
  'a token that is none': [{ ...bearer('abc'), ...viewer }, 401, 'UNAUTHENTICATED'],
  'a token without a signature': [
    { ...bearer('eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.'), ...viewer },
    401,
    'UNAUTHENTICATED',
  ],
  'a very long token': [{ ...bearer('a'.repeat(10_000)), ...viewer }, 401, 'UNAUTHENTICATED'],
  'a token with a foreign key of its own': [
    {
      ...bearer(
        `${Buffer.from('{"alg":"ES256","jku":"http://127.0.0.1:9/keys","kid":"x"}').toString('base64url')}.e30.AA`,
      ),
      ...viewer,
    },
    401,
    'UNAUTHENTICATED',
  ],
  'a key to a router without partners': [
    { headers: { ...json, 'x-api-key': 'ogk_1234567890' }, ...viewer },
    401,
    'UNAUTHENTICATED',
  ],
};

const persisted: Record<string, readonly [HttpRequest, status: number, code: string]> = {
  'an id that nobody published': [
    { headers: json, body: text({ documentId: 'sha256:abc' }) },
    400,
    'PERSISTED_QUERY_NOT_FOUND',
  ],
  'an id in the form of Relay': [
    { headers: json, body: text({ doc_id: 'abc' }) },
    400,
    'PERSISTED_QUERY_NOT_FOUND',
  ],
  'a hash, by somebody who is nobody': [
    {
      headers: json,
      body: text({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }),
    },
    400,
    'PERSISTED_QUERY_NOT_FOUND',
  ],
  'a hash by GET': [
    get(`extensions=${encodeURIComponent('{"persistedQuery":{"version":1,"sha256Hash":"ab"}}')}`),
    400,
    'PERSISTED_QUERY_NOT_FOUND',
  ],
  'a hash of something else': [
    asking('{ viewer }', {
      extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } },
    }),
    400,
    'BAD_REQUEST',
  ],
  'a version that is none': [
    asking('{ viewer }', { extensions: { persistedQuery: { version: 2, sha256Hash: 'a' } } }),
    400,
    'BAD_REQUEST',
  ],
  'a hash that is a number': [
    asking('{ viewer }', { extensions: { persistedQuery: { version: 1, sha256Hash: 1 } } }),
    400,
    'BAD_REQUEST',
  ],
  'an extension that is a text': [
    asking('{ viewer }', { extensions: { persistedQuery: 'x' } }),
    400,
    'BAD_REQUEST',
  ],
  'two ids': [{ headers: json, body: text({ documentId: 'a', id: 'b' }) }, 400, 'BAD_REQUEST'],
  'an id that is a number': [{ headers: json, body: text({ id: 5 }) }, 400, 'BAD_REQUEST'],
};

const overHttp = { ...httpFormat, ...shapes, ...credentials, ...persisted };

/** Whether the answer is to be looked for in a stream of one event. */
function errorsIn(answer: Awaited<ReturnType<typeof send>>): readonly Record<string, unknown>[] {
  const event = /^data: (\{.*\})$/m.exec(answer.text)?.[1];
  const body: unknown = event ? JSON.parse(event) : answer.body;
  const errors = isRecord(body) ? body['errors'] : undefined;
  return Array.isArray(errors) ? errors.filter(isRecord) : [];
}

test.each(Object.entries(overHttp))(
  '%s is refused with its status and its code',
  async (_, row) => {
    const [{ method = 'POST', path = '', headers = {}, body }, status, code] = row;
    const answer = await send(world.url + path, { method, headers, ...(body ? { body } : {}) });
    const errors = errorsIn(answer);
    expect({ status: answer.status, codes: errors.map(({ extensions }) => extensions) }).toEqual({
      status,
      codes: errors.map(() => expect.objectContaining({ code })),
    });
    expect(errors.length).toBeGreaterThan(0);
    expect(answer.text).not.toMatch(leaks);
    expect(answer.text).not.toContain('"data"');
  },
);

type Close = { readonly code: number; readonly reason: string };
type SocketTalk = {
  readonly protocol?: string | string[];
  readonly headers?: Record<string, string>;
  /**
   * Sent one after the other as soon as the socket is open; by default the beginning of a good conversation. A `Buffer`
   * goes as a binary message, other bytes as a text.
   */
  readonly first?: readonly (string | Uint8Array)[];
  /** Sent once the router has accepted the connection. */
  readonly later?: readonly (string | Buffer)[];
};

const init = text({ type: 'connection_init' });
const subscribe = (payload: unknown, id: unknown = '1') => text({ type: 'subscribe', id, payload });
const ticks = { query: 'subscription { ticks }' };

const closes: Record<string, readonly [SocketTalk, code: number]> = {
  'a binary message': [{ first: [Buffer.from(init)] }, 4400],
  'a message that is no JSON': [{ first: ['hello'] }, 4400],
  'a message that is a list': [{ first: ['[]'] }, 4400],
  'a message without a type': [{ first: ['{}'] }, 4400],
  'a message of another protocol': [{ first: ['{"type":"start","id":"1"}'] }, 4400],
  'a beginning with a text': [{ first: [text({ type: 'connection_init', payload: 'x' })] }, 4400],
  'an operation before the beginning': [{ first: [subscribe(ticks)] }, 4401],
  'a text that is no UTF-8': [{ first: [Uint8Array.of(0xff, 0xfe)] }, 1007],
  'brackets without end': [{ first: ['['.repeat(90_000)] }, 4400],
  'brackets that end': [{ first: [`${'['.repeat(40_000)}${']'.repeat(40_000)}`] }, 4400],
  'a type that every object has': [{ first: ['{"type":"__proto__"}'] }, 4400],
  'an end without an id': [{ later: [text({ type: 'complete' })] }, 4400],
  'an id without end': [{ later: [subscribe(ticks, 'x'.repeat(257))] }, 4400],
  'a second beginning': [{ first: [init, init] }, 4429],
  'no beginning at all': [{ first: [] }, 4408],
  'a token that is none': [
    { first: [text({ type: 'connection_init', payload: { Authorization: 'Bearer x' } })] },
    4401,
  ],
  'a token that is none, in a header': [{ headers: { authorization: 'Bearer x' } }, 4401],
  'an operation without an id': [{ later: [text({ type: 'subscribe', payload: ticks })] }, 4400],
  'an operation without a payload': [{ later: [subscribe(undefined)] }, 4400],
  'an operation whose id is a number': [{ later: [subscribe(ticks, 1)] }, 4400],
  'an operation with an id that is in use': [{ later: [subscribe(ticks), subscribe(ticks)] }, 4409],
  'a message over the limit': [{ later: [subscribe({ query: `# ${'x'.repeat(200_000)}` })] }, 1009],
  'no protocol': [{ protocol: [] }, 4406],
};

const errors: Record<string, readonly [payload: unknown, code: string]> = {
  'no query': [{}, 'BAD_REQUEST'],
  'a query that is a number': [{ query: 1 }, 'BAD_REQUEST'],
  'variables that are a list': [{ ...ticks, variables: [] }, 'BAD_REQUEST'],
  'half a query': [{ query: 'subscription {' }, 'GRAPHQL_PARSE_FAILED'],
  'a field that is nearly one': [{ query: 'subscription { tick }' }, 'GRAPHQL_VALIDATION_FAILED'],
  'two subscriptions in one': [
    { query: 'subscription { a: ticks b: ticks }' },
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'a name that is not there': [{ ...ticks, operationName: 'A' }, 'OPERATION_RESOLUTION_FAILURE'],
  'a variable that is missing': [
    { query: 'subscription ($id: ID!) { orderStatusChanged(orderId: $id) { cursor } }' },
    'BAD_USER_INPUT',
  ],
  'a fragment bomb of twenty levels': [{ query: fragmentBomb(20) }, 'QUERY_TOO_COMPLEX'],
  'an id that nobody published': [{ documentId: 'abc' }, 'PERSISTED_QUERY_NOT_FOUND'],
};

const opened: WebSocket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.terminate();
});

/** Says what is to be said, and gathers what the router says until it closes or an error comes. */
async function talk({
  protocol = 'graphql-transport-ws',
  headers = {},
  first = [init],
  later = [],
}: SocketTalk): Promise<{ readonly said: readonly string[]; readonly closed: Close | undefined }> {
  const socket = new WebSocket(world.url.replace('http', 'ws'), protocol, { headers });
  opened.push(socket);
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () =>
      first.forEach((message) => socket.send(message, { binary: Buffer.isBuffer(message) })),
    );
    socket.on('close', (code, reason) =>
      resolve({ said, closed: { code, reason: String(reason) } }),
    );
    socket.on('message', (data: Buffer) => {
      const message = data.toString();
      said.push(message);
      if (message.includes('"connection_ack"')) later.forEach((next) => socket.send(next));
      if (message.includes('"type":"error"')) resolve({ said, closed: undefined });
    });
  });
}

test.each(Object.entries(closes))('over WebSocket %s closes it with its code', async (_, row) => {
  const [conversation, code] = row;
  const { closed } = await talk(conversation);
  expect(closed?.code).toBe(code);
  expect(closed?.reason).not.toMatch(leaks);
});

test.each(Object.entries(errors))('over WebSocket %s is an error with its code', async (_, row) => {
  const [payload, code] = row;
  const { said } = await talk({ later: [subscribe(payload)] });
  const last: unknown = JSON.parse(said.at(-1) ?? 'null');
  expect(last).toMatchObject({ type: 'error', id: '1', payload: [{ extensions: { code } }] });
  expect(said.join()).not.toMatch(leaks);
});

test('more operations than a connection may have are refused one by one', async () => {
  const ids = ['1', '2', '3', '4'];
  const { said } = await talk({ later: ids.map((id) => subscribe(ticks, id)) });
  expect(JSON.parse(said.at(-1) ?? 'null')).toMatchObject({
    type: 'error',
    id: '4',
    payload: [{ extensions: { code: 'THROTTLED' } }],
  });
});

test.each([
  ['another path', '/nothing', {}, 404],
  ['a foreign page', '', { origin: 'https://evil.test' }, 403],
])('a WebSocket from %s is not opened', async (_, path, headers, status) => {
  const socket = new WebSocket(world.url.replace('http', 'ws') + path, 'graphql-transport-ws', {
    headers,
  });
  opened.push(socket);
  const [error] = await once(socket, 'error');
  expect(String(error)).toContain(String(status));
});

/** What comes back over a bare connection that is closed by the router. */
async function rawAnswer(bytes: string): Promise<string> {
  const { hostname, port } = new URL(world.url);
  const socket = connect({ host: hostname, port: Number(port) });
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['half a header', 'POST /graphql HTTP/1.1\r\nhost\r\n\r\n', 400],
  [
    'two lengths',
    'POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
    400,
  ],
  [
    'a length and chunks',
    'POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['a line break in a header', 'POST /graphql HTTP/1.1\r\nhost: a\r\nx: a\n b\r\n\r\n', 400],
  ['no host', 'GET /graphql HTTP/1.1\r\n\r\n', 400],
  ['a version that is none', 'GET /graphql HTTP/9.9\r\nhost: a\r\n\r\n', 400],
  ['a method that is none', 'HACK /graphql HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  [
    'a thousand headers',
    `GET /graphql HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(4_000)}\r\n`,
    431,
  ],
  [
    'chunks that are none',
    'POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    400,
  ],
  [
    'a header of 20 kB',
    `GET /graphql HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
  ],
])('%s is answered with JSON, and the connection closed', async (_, bytes, status) => {
  const answer = await rawAnswer(bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer).toContain('"code":"BAD_REQUEST"');
  expect(answer).not.toMatch(leaks);
});

test('a request with two tokens is nobody’s, whichever of them is good', async () => {
  const good = `authorization: Bearer ${await world.tokens.token()}\r\n`;
  const bad = 'authorization: Bearer x\r\n';
  for (const tokens of [good + bad, bad + good, good + good]) {
    const answer = await rawAnswer(
      `GET /graphql?query={viewer} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${tokens}\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
    expect(answer).toContain('"code":"UNAUTHENTICATED"');
  }
});

test('after all of it everybody else is served as before', async () => {
  const good = await world.tokens.token();
  const answer = await post(world.url, '{ order(id: "1") { id payment { status } } }', {
    headers: { authorization: `Bearer ${good}` },
  });
  expect(answer.body).toEqual({ data: { order: { id: '1', payment: { status: 'paid-1' } } } });
  const logged = world.lines.join('\n');
  expect(logged).not.toContain('request failed');
});

test('the table is as long as it promises to be', () => {
  const rows = [overHttp, closes, errors].flatMap((table) => Object.keys(table));
  expect(rows.length).toBeGreaterThanOrEqual(60);
});
