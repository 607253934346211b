/** Questions that make no sense: a stable code or nothing found, and not a word of what is inside. */
import { expect, test, vi } from 'vitest';
import { half } from './bad-orders.ts';
import { codesIn, expectNothingTold, postGraphql } from './graphql-over-http.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { placedIn, type Storefront } from './storefront.ts';

const shop = shopUnderTest({ variables: { NODE_ENV: 'production' } });
const patience = { timeout: 20_000, interval: 50 };

test('ids that name nothing find nothing, whatever they are made of', async () => {
  const dave = await shop.open({ subject: 'dave' });
  const ids = [
    '',
    ' ',
    'x',
    'ord_',
    'ord_zzzzzzzzzzzzzzzzzzzzzzzzzz',
    'ord_01jd8v4m7cf2x9qf1k2n3p4r5s',
    'a\u0000b',
    half,
    'o'.repeat(10_000),
    "' or 1=1 --",
  ];
  for (const id of ids) {
    expect(await dave.order(id)).toBeNull();
    const query = 'query Product($sku: ID!) { product(sku: $sku) { sku } }';
    const product = await dave.run({ query, variables: { sku: id } });
    expect(product).toMatchObject({ data: { product: null }, errors: [] });
    const { userErrors } = await dave.cancelOrder({ orderId: id });
    expect(userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    const watch = dave.watch(id);
    await vi.waitFor(
      () => expect(watch.end).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]),
      patience,
    );
  }
  const printable = ids.filter((id) => /^[^\p{Cc}\p{Cs}]{1,255}$/u.test(id));
  for (const orderId of printable) {
    const { userErrors } = await dave.payOrder({ orderId, token: 'tok_ok' });
    expect(userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  }
  expect(printable).toHaveLength(ids.length - 4);
  for (const orderId of ids.filter((id) => !printable.includes(id))) {
    await expect(dave.payOrder({ orderId, token: 'tok_ok' })).rejects.toThrow('BAD_USER_INPUT');
  }
});

const cursor = (...key: unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url');
const badArguments: Record<string, string> = {
  'a page of nothing': 'orders(first: 0) { nodes { id } }',
  'a page of less than nothing': 'orders(first: -1) { nodes { id } }',
  'a page of too much': 'products(first: 101) { nodes { sku } }',
  'a cursor that is none': 'orders(after: "?") { nodes { id } }',
  'a cursor of another list': `orders(after: "${cursor(1, 2)}") { nodes { id } }`,
  'a cursor made of a number': `orders(after: "${cursor(1)}") { nodes { id } }`,
  'a cursor with a NUL': `orders(after: "${cursor('\u0000')}") { nodes { id } }`,
  'a cursor with half a character': `orders(after: "${cursor(half)}") { nodes { id } }`,
  'a cursor of products with a NUL': `products(after: "${cursor('\u0000')}") { nodes { sku } }`,
  'a cursor of messages that is none': `notifications(after: "${cursor('x')}") { nodes { id } }`,
  'a time that is none': 'orders(filter: { placedFrom: "yesterday" }) { nodes { id } }',
  'a year beyond all': 'orders(filter: { placedFrom: "+275760-09-13T00:00:00Z" }) { nodes { id } }',
  'a year before the first':
    'orders(filter: { placedFrom: "0000-01-01T00:00:00Z" }) { nodes { id } }',
  'a year before the first, seen from here':
    'orders(filter: { placedFrom: "0001-01-01T00:00:00+01:00" }) { nodes { id } }',
  'a year after the last, seen from here':
    'orders(filter: { placedFrom: "9999-12-31T23:00:00-01:00" }) { nodes { id } }',
  '251 states': `orders(filter: { statuses: [${'PLACED '.repeat(251)}] }) { nodes { id } }`,
  '251 SKUs': `products(filter: { skus: ${JSON.stringify(Array.from({ length: 251 }, String))} }) { nodes { sku } }`,
  'a report of days backwards': report('2026-02-01', '2026-01-01'),
  'a report of a day that is none': report('2026-02-29', '2026-03-01'),
  'a report of a year before the first': report('0000-01-01', '0000-01-02'),
  'a report of too many days': report('2025-01-01', '2026-12-31'),
};

test('arguments of queries that make no sense are refused with BAD_USER_INPUT or by validation', async () => {
  const staff = await shop.open({ subject: 'ann', role: 'staff', scopes: ['analytics:read'] });
  const answered: Record<string, unknown> = {};
  for (const [what, field] of Object.entries(badArguments)) {
    const answer = await staff.run({ query: `{ ${field} }` });
    answered[what] =
      codesIn(answer).every((code) => refusing.has(code)) && answer.errors.length > 0
        ? 'refused'
        : answer.text;
    expectNothingTold(answer);
  }
  expect(answered).toEqual(
    Object.fromEntries(Object.keys(badArguments).map((what) => [what, 'refused'])),
  );
});

test('cursors of an order’s history and streams that were not given out are refused, never continued at random', async () => {
  const erin = await shop.open({ subject: 'erin' });
  await shop.stockroom.offer({ sku: 'CUP', quantity: 10 });
  const [{ id }, other] = [await placeOne(erin, 'CUP'), await placeOne(erin, 'CUP')];
  const keys: unknown[][] = [
    [id, 1.5],
    [id, 1e300],
    [id, -1],
    [id, 99],
    [id, '1'],
    [other.id, 1],
    [id],
    ['feed', '1', 1],
  ];
  for (const after of ['?', 'e30', ...keys.map((key) => cursor(...key))]) {
    const watch = erin.watch(id, after);
    await vi.waitFor(() => expect(watch.end).toBeDefined(), patience);
    expect(JSON.stringify(watch.end)).toMatch(/"code":"(CURSOR_EXPIRED|BAD_USER_INPUT)"/);
    expect(watch.changes).toEqual([]);
  }
  const history = `query History($id: ID!, $after: String) {
    order(id: $id) { history(after: $after) { nodes { version } } }
  }`;
  for (const key of keys) {
    const answer = await erin.run({ query: history, variables: { id, after: cursor(...key) } });
    expect({ key, codes: codesIn(answer) }).toEqual({ key, codes: ['BAD_USER_INPUT'] });
  }
  for (const key of [
    ['feed', '99999999999999999999', 1],
    ['feed', '-1', 1],
    ['feed', '9'.repeat(19), 1],
    ['feed', '1', 1.5],
    [id, 1, 1],
  ]) {
    const watch = erin.watchAll(cursor(...key));
    await vi.waitFor(
      () => expect(JSON.stringify(watch.end)).toContain('"code":"CURSOR_EXPIRED"'),
      patience,
    );
  }
});

const requests: Record<string, [body: string, code: string]> = {
  'no JSON': ['{', 'BAD_REQUEST'],
  nothing: ['', 'BAD_REQUEST'],
  'a list of operations': ['[{"query":"{ __typename }"}]', 'BAD_REQUEST'],
  'no operation': ['{}', 'BAD_REQUEST'],
  'variables that are a list': ['{"query":"{ __typename }","variables":[]}', 'BAD_REQUEST'],
  'more than a megabyte': [
    JSON.stringify({ query: `{ __typename } #${'x'.repeat(2 ** 20)}` }),
    'BAD_REQUEST',
  ],
  'no GraphQL': ['{"query":"{ product("}', 'GRAPHQL_PARSE_FAILED'],
  'a field that does not exist': [
    '{"query":"{ produkt(sku: 1) { name } }"}',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'the schema, in production': [
    '{"query":"{ __schema { types { name } } }"}',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'too deep': [
    JSON.stringify({ query: `{${'a{'.repeat(5_000)}b${'}'.repeat(5_000)}}` }),
    'QUERY_TOO_COMPLEX',
  ],
  'fragments that multiply': [JSON.stringify({ query: bomb(30) }), 'QUERY_TOO_COMPLEX'],
};

test('requests that are no operation are refused with a code, and say nothing of what is inside', async () => {
  const answered: Record<string, unknown> = {};
  for (const [what, [body]] of Object.entries(requests)) {
    const answer = await postGraphql(shop.system.url, body);
    answered[what] = codesIn(answer)[0];
    expectNothingTold(answer);
  }
  expect(answered).toEqual(
    Object.fromEntries(Object.entries(requests).map(([what, [, code]]) => [what, code])),
  );
});

const refusing = new Set<string | undefined>(['BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED']);

async function placeOne(customer: Storefront, sku: string) {
  return placedIn(await customer.placeOrder({ lines: [{ sku, quantity: 1 }] }));
}

function report(from: string, to: string): string {
  return `salesReport(input: { from: "${from}", to: "${to}", groupBy: DAY }) { asOf }`;
}

/** Each fragment spreads the next one twice. */
function bomb(levels: number): string {
  const fragments = Array.from(
    { length: levels },
    (_, i) => `fragment f${i} on Product { a: name ...f${i + 1} b: name ...f${i + 1} }`,
  );
  return `{ product(sku: "X") { ...f0 } } ${fragments.join(' ')} fragment f${levels} on Product { sku }`;
}
