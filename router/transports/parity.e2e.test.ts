/** The same request is refused with the same code whatever transport it comes by, and tells no more by one than by another. */
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, transports, type Question } from '../test/asking.ts';
import { startTestRouter } from '../test/router.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;
beforeAll(async () => {
  world = await startTestRouter({ NODE_ENV: 'production' });
});
afterAll(() => world.stop());

/** What an error must never hold: code, files, addresses, suggestions, secrets. */
const leaks =
  /\bat .+:\d+|node_modules|127\.0\.0\.1|localhost|file:|\.ts\b|[Dd]id you mean|stack|secret/;

const times = (count: number, piece: string) =>
  Array.from({ length: count }, () => piece).join(' ');
const order = 'query ($id: ID!) { order(id: $id) { id } }';
const find = 'query ($f: OrderFilter!) { find(filter: $f) { id } }';
const bomb = [
  '{ order(id: "1") { ...F0 } } fragment F20 on Order { id }',
  ...Array.from(
    { length: 20 },
    (_, i) => `fragment F${i} on Order { a: parent { ...F${i + 1} } b: parent { ...F${i + 1} } }`,
  ),
].join(' ');
const hashed = (version: unknown, sha256Hash: unknown) => ({
  extensions: { persistedQuery: { version, sha256Hash } },
});

const refusals: Record<string, readonly [Question['parameters'], code: string]> = {
  'half a query': [{ query: '{' }, 'GRAPHQL_PARSE_FAILED'],
  'a query with a NUL': [{ query: '{ viewer }\0' }, 'GRAPHQL_PARSE_FAILED'],
  'only a fragment': [{ query: 'fragment A on Order { id }' }, 'OPERATION_RESOLUTION_FAILURE'],
  'two operations without a name': [
    { query: 'query A { viewer } query B { viewer }' },
    'OPERATION_RESOLUTION_FAILURE',
  ],
  'a name that is not there': [
    { query: '{ viewer }', operationName: '__proto__' },
    'OPERATION_RESOLUTION_FAILURE',
  ],
  'a field that is nearly one': [{ query: '{ viewr }' }, 'GRAPHQL_VALIDATION_FAILED'],
  'the schema, in production': [
    { query: '{ __schema { types { name } } }' },
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'two subscriptions in one': [
    { query: 'subscription { a: ticks b: ticks }' },
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'a variable that is missing': [{ query: order }, 'BAD_USER_INPUT'],
  'a variable of another type': [{ query: order, variables: { id: { a: 1 } } }, 'BAD_USER_INPUT'],
  'a variable with a field that is nearly one': [
    { query: find, variables: { f: { statuss: 'PLACED' } } },
    'BAD_USER_INPUT',
  ],
  'a variable that is nested too deep': [
    { query: find, variables: { f: JSON.parse(`${'['.repeat(60)}${']'.repeat(60)}`) } },
    'QUERY_TOO_COMPLEX',
  ],
  'a fragment bomb of twenty levels': [{ query: bomb }, 'QUERY_TOO_COMPLEX'],
  'fields deeper than anybody needs': [
    { query: `{ order(id: 1) { ${times(30, 'parent {')} id ${times(30, '}')} } }` },
    'QUERY_TOO_COMPLEX',
  ],
  'too many words': [{ query: `{ ${times(5_100, 'a')} }` }, 'QUERY_TOO_COMPLEX'],
  'too many root fields': [{ query: `{ ${times(510, 'viewer')} }` }, 'QUERY_TOO_COMPLEX'],
  'too many directives': [
    { query: `{ ${times(210, 'viewer @skip(if: false)')} }` },
    'QUERY_TOO_COMPLEX',
  ],
  'an id that nobody published': [{ documentId: 'sha256:abc' }, 'PERSISTED_QUERY_NOT_FOUND'],
  'an id in the form of Relay': [{ doc_id: 'abc' }, 'PERSISTED_QUERY_NOT_FOUND'],
  'a hash without its text': [hashed(1, 'a'.repeat(64)), 'PERSISTED_QUERY_NOT_FOUND'],
  'a hash of something else': [
    { query: '{ viewer }', ...hashed(1, 'a'.repeat(64)) },
    'BAD_REQUEST',
  ],
  'a hash of a version that is none': [
    { query: '{ viewer }', ...hashed(2, 'a'.repeat(64)) },
    'BAD_REQUEST',
  ],
  'two ids that differ': [{ documentId: 'a', id: 'b' }, 'BAD_REQUEST'],
  'no operation at all': [{}, 'BAD_REQUEST'],
  'variables that are a list': [{ query: '{ viewer }', variables: [1] }, 'BAD_REQUEST'],
};

const byTransport = <T extends readonly unknown[]>(rows: readonly (readonly [string, ...T])[]) =>
  rows.flatMap(([what, ...rest]) =>
    transports.map((transport) => [what, transport, ...rest] as const),
  );

test.each(byTransport(Object.entries(refusals).map(([what, row]) => [what, ...row] as const)))(
  '%s by %s is refused alike',
  async (_what, transport, parameters, code) => {
    const seen = world.order.seen.length;
    const { codes, data, text } = await ask(world.url, transport, { parameters });
    expect(new Set(codes)).toEqual(new Set([code]));
    expect(data ?? null).toBeNull();
    expect(text).not.toMatch(leaks);
    expect(world.order.seen.length).toBe(seen);
  },
);

/** The issuer's public key, which everybody knows, taken for a shared secret. */
async function publicKeyAsSecret(): Promise<Uint8Array> {
  const [jwk] = JSON.parse(await readFile(world.tokens.file, 'utf8')).keys;
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return new TextEncoder().encode(pem.toString());
}
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

const forgeries: readonly (readonly [string, () => Promise<string>])[] = [
  ['a password', async () => 'Basic YTpi'],
  ['a token that is none', async () => 'Bearer abc'],
  ['a very long token', async () => `Bearer ${'a'.repeat(10_000)}`],
  ['two tokens', async () => `Bearer ${await world.tokens.token()}, Bearer abc`],
  ['a token whose time is over', async () => `Bearer ${await world.tokens.token({}, -3_600)}`],
  ['a token for somebody else', async () => `Bearer ${await world.tokens.token({ aud: 'other' })}`],
  ['a token of another issuer', async () => `Bearer ${await world.tokens.token({ iss: 'other' })}`],
  [
    'a token without a signature',
    async () => {
      const [, claims] = (await world.tokens.token()).split('.');
      return `Bearer ${encoded({ alg: 'none', kid: '1' })}.${claims}.`;
    },
  ],
  [
    'a token signed with the public key',
    async () =>
      `Bearer ${await new SignJWT({ sub: 'alice', role: 'staff' })
        .setProtectedHeader({ alg: 'HS256', kid: '1' })
        .setIssuer('https://issuer.test')
        .setAudience('ordergraph')
        .setExpirationTime('1h')
        .sign(await publicKeyAsSecret())}`,
  ],
];

test.each(byTransport(forgeries))('%s by %s is refused alike', async (_what, transport, forge) => {
  const question = { parameters: { query: '{ viewer }' }, authorization: await forge() };
  const seen = world.order.seen.length;
  const { codes, data, text } = await ask(world.url, transport, question);
  expect(codes).toEqual(['UNAUTHENTICATED']);
  expect(data ?? null).toBeNull();
  expect(text).not.toMatch(leaks);
  expect(world.order.seen.length).toBe(seen);
});

test.each(transports)('what is good by one transport is good by %s', async (transport) => {
  const authorization = `Bearer ${await world.tokens.token()}`;
  const parameters = {
    query: 'query A($id: ID!) { order(id: $id) { id } } query B { viewer }',
    operationName: 'A',
    variables: { id: 'ü\u2028"😀' },
  };
  const { codes, data } = await ask(world.url, transport, { parameters, authorization });
  expect(codes).toEqual([]);
  expect(data).toEqual({ order: { id: 'ü\u2028"😀' } });
});
