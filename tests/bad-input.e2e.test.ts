/** Input that makes no sense: a stable code, the field at fault, nothing written, nobody else disturbed. */
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { codesIn, postGraphql, type Answer } from './graphql-over-http.ts';
import { pounds } from './pounds.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { placedIn, placeOrderInput, type Storefront } from './storefront.ts';

const shop = shopUnderTest({ variables: { NODE_ENV: 'production' } });
const patience = { timeout: 20_000, interval: 50 };

const line = { sku: 'LAMP', quantity: 1 };
const address = {
  name: 'Ada',
  line1: '1 High St',
  city: 'York',
  postalCode: 'YO1',
  countryCode: 'GB',
};
/** A character that is half of one: it can be sent as JSON, but not kept. */
const half = '\ud83d';

/** What is wrong with an order's input, and the field that the refusal names; where a type is at fault, none. */
const badOrders: Record<string, [change: object, field?: string]> = {
  'no key': [{ idempotencyKey: undefined }],
  'an empty key': [{ idempotencyKey: '' }, 'idempotencyKey'],
  'a key of blanks': [{ idempotencyKey: '   ' }, 'idempotencyKey'],
  'a key of 256 characters': [{ idempotencyKey: 'k'.repeat(256) }, 'idempotencyKey'],
  'a key with a NUL': [{ idempotencyKey: 'a\u0000b' }, 'idempotencyKey'],
  'a key with half a character': [{ idempotencyKey: `a${half}` }, 'idempotencyKey'],
  'a key that is a number': [{ idempotencyKey: 7 }],
  'no lines': [{ lines: undefined }],
  'lines that are null': [{ lines: null }],
  'an empty list of lines': [{ lines: [] }, 'lines'],
  '251 lines': [{ lines: Array.from({ length: 251 }, () => line) }, 'lines'],
  'a line that is null': [{ lines: [line, null] }],
  'a line that is a text': [{ lines: ['LAMP'] }],
  'a quantity of 0': [{ lines: [{ ...line, quantity: 0 }] }, 'lines.0.quantity'],
  'a negative quantity': [{ lines: [line, { ...line, quantity: -1 }] }, 'lines.1.quantity'],
  'a quantity above the most': [{ lines: [{ ...line, quantity: 100_001 }] }, 'lines.0.quantity'],
  'a quantity beyond 32 bits': [{ lines: [{ ...line, quantity: 2 ** 31 }] }],
  'a quantity beyond 53 bits': [{ lines: [{ ...line, quantity: 1e300 }] }],
  'half a piece': [{ lines: [{ ...line, quantity: 0.5 }] }],
  'a quantity as a text': [{ lines: [{ ...line, quantity: '1' }] }],
  'an empty SKU': [{ lines: [{ ...line, sku: '' }] }, 'lines.0.sku'],
  'a SKU of 65 characters': [{ lines: [{ ...line, sku: 'S'.repeat(65) }] }, 'lines.0.sku'],
  'a SKU with a NUL': [{ lines: [{ ...line, sku: 'LAMP\u0000' }] }, 'lines.0.sku'],
  'a SKU with half a character': [{ lines: [{ ...line, sku: half }] }, 'lines.0.sku'],
  'a price that is a number': [
    { lines: [{ ...line, expectedUnitPrice: { amount: 2.5, currencyCode: 'GBP' } }] },
  ],
  'a price in words': [{ lines: [{ ...line, expectedUnitPrice: pounds('NaN') }] }],
  'a price of half a penny': [
    { lines: [{ ...line, expectedUnitPrice: pounds('2.505') }] },
    'lines.0.expectedUnitPrice',
  ],
  'a negative price': [
    { lines: [{ ...line, expectedUnitPrice: pounds('-2.50') }] },
    'lines.0.expectedUnitPrice',
  ],
  'an unknown currency': [
    { lines: [{ ...line, expectedUnitPrice: { amount: '2.50', currencyCode: 'GPB' } }] },
  ],
  'no address': [{ shippingAddress: null }],
  'an address without a city': [{ shippingAddress: { ...address, city: undefined } }],
  'a blank city': [{ shippingAddress: { ...address, city: ' ' } }, 'shippingAddress.city'],
  'a name of 256 characters': [
    { shippingAddress: { ...address, name: 'n'.repeat(256) } },
    'shippingAddress.name',
  ],
  'a name that would add a mail header': [
    { shippingAddress: { ...address, name: 'Ada\r\nBcc: all@shop.example' } },
    'shippingAddress.name',
  ],
  'a name with half a character': [
    { shippingAddress: { ...address, name: half } },
    'shippingAddress.name',
  ],
  'a country that is none': [{ shippingAddress: { ...address, countryCode: 'XX' } }],
  'a country in small letters': [{ shippingAddress: { ...address, countryCode: 'gb' } }],
  'an e-mail address that is none': [
    { shippingAddress: { ...address, email: 'ada@' } },
    'shippingAddress.email',
  ],
  'two e-mail addresses': [
    { shippingAddress: { ...address, email: 'a@b.example,c@d.example' } },
    'shippingAddress.email',
  ],
  'no payment': [{ payment: undefined }],
  'an unknown channel': [{ payment: { channel: 'CASH', token: 'tok_ok' } }],
  'an empty token': [{ payment: { channel: 'SANDBOX', token: '' } }, 'payment.token'],
  'a card number': [
    { payment: { channel: 'SANDBOX', token: '4242 4242 4242 4242' } },
    'payment.token',
  ],
  'a token with half a character': [
    { payment: { channel: 'SANDBOX', token: half } },
    'payment.token',
  ],
  'a field that does not exist': [{ discount: '100%' }],
  'a text': ['order' as unknown as object],
};

test('an order that makes no sense is refused with BAD_USER_INPUT and the field at fault, and is not written', async () => {
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 1_000 });
  const alice = await shop.open();
  const answered: Record<string, unknown> = {};
  const expected: Record<string, unknown> = {};
  for (const [what, [change, field]] of Object.entries(badOrders)) {
    const answer = await tryToPlace(alice, change);
    answered[what] = {
      codes: codesIn(answer),
      field: answer.errors[0]?.extensions?.field?.join('.'),
    };
    expected[what] = {
      codes: ['BAD_USER_INPUT'],
      field: field === undefined ? undefined : `input.${field}`,
    };
    expectNothingTold(answer);
    expect(answer.text).not.toContain('4242');
  }
  expect(answered).toEqual(expected);
  expect(await ordersOf(alice)).toEqual([]);
});

test('250 lines, the most of each and the longest of texts are an order like any other', async () => {
  const bob = await shop.open({ subject: 'bob' });
  const sku = 'S'.repeat(64);
  await shop.stockroom.offer({ sku, quantity: 25_000_000, price: pounds('0.01') });
  const { order } = await bob.placeOrder({
    lines: Array.from({ length: 250 }, () => ({ sku, quantity: 100_000 })),
    idempotencyKey: 'k'.repeat(255),
  });
  expect(order?.total).toEqual(pounds('250000.00'));
  await vi.waitFor(
    async () => expect((await bob.order(order?.id ?? ''))?.status).toBe('CONFIRMED'),
    patience,
  );
  expect(await shop.stockroom.available(sku)).toBe(0);
});

test('an order of more money than can be counted is refused, and so is one of products that are not there', async () => {
  const carol = await shop.open({ subject: 'carol' });
  await shop.stockroom.offer({ sku: 'MOON', quantity: 1, price: pounds('90071992547409.91') });
  await shop.stockroom.offer({ sku: 'LAMP', quantity: 1 });
  const refusalsOf = async (...skus: string[]) =>
    (await carol.placeOrder({ lines: skus.map((sku) => ({ sku, quantity: 2 })) })).userErrors.map(
      ({ code, field }) => `${code} ${field?.join('.')}`,
    );
  expect(await refusalsOf('MOON')).toEqual(['LIMIT_EXCEEDED input.lines']);
  expect(await refusalsOf('lamp', 'LAMP', ' LAMP', "'; drop table orders; --")).toEqual([
    'UNKNOWN_SKU input.lines.0.sku',
    'UNKNOWN_SKU input.lines.2.sku',
    'UNKNOWN_SKU input.lines.3.sku',
  ]);
  expect(await ordersOf(carol)).toEqual([]);
});

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

test('a payment that makes no sense is refused, and a card number is neither kept nor repeated', async () => {
  await shop.stockroom.offer({ sku: 'PEN', quantity: 10 });
  const gina = await shop.open({ subject: 'gina' });
  const { id: orderId } = placedIn(
    await gina.placeOrder({ lines: [{ sku: 'PEN', quantity: 1 }], token: 'tok_declined' }),
  );
  await vi.waitFor(async () => expect((await gina.order(orderId))?.version).toBe(3), patience);
  for (const payment of [
    { token: '' },
    { token: 't'.repeat(256) },
    { token: half },
    { token: '5555-5555-5555-4444' },
    { token: 'tok_ok', idempotencyKey: '' },
    { token: 'tok_ok', idempotencyKey: half },
  ]) {
    const refused = gina.payOrder({ orderId, ...payment });
    await expect(refused).rejects.toThrow('BAD_USER_INPUT');
    await expect(refused).rejects.not.toThrow('5555');
  }
  expect((await gina.order(orderId))?.version).toBe(3);
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
  '251 SKUs': `products(filter: { skus: ${JSON.stringify(Array.from({ length: 251 }, String))} }) { nodes { sku } }`,
  'a report of days backwards': report('2026-02-01', '2026-01-01'),
  'a report of a day that is none': report('2026-02-29', '2026-03-01'),
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

test('what staff enter wrongly is refused: stock and prices stay as they were', async () => {
  await shop.stockroom.offer({ sku: 'JAR', quantity: 5 });
  const { staff } = shop.stockroom;
  const answered: Record<string, string> = {};
  const attempt = async (what: string, field: 'adjustStock' | 'upsertProduct', input: object) => {
    const type = field === 'adjustStock' ? 'AdjustStockInput' : 'UpsertProductInput';
    const answer = await staff.run({
      query: `mutation Try($input: ${type}!) { ${field}(input: $input) { userErrors { code } } }`,
      variables: { input: { idempotencyKey: what, sku: 'JAR', ...input } },
    });
    const [refusal] = refusals.safeParse(answer.data).data?.[field]?.userErrors ?? [];
    answered[what] = codesIn(answer)[0] ?? refusal?.code ?? 'done';
    expectNothingTold(answer);
  };
  const refusals = z.record(
    z.string(),
    z.object({ userErrors: z.array(z.object({ code: z.string() })) }),
  );
  await attempt('nothing', 'adjustStock', { delta: 0, reason: 'counted' });
  await attempt('too much out', 'adjustStock', { delta: -6, reason: 'counted' });
  await attempt('too much in', 'adjustStock', { delta: 2_147_483_647, reason: 'counted' });
  await attempt('beyond 32 bits', 'adjustStock', { delta: -2_147_483_649, reason: 'counted' });
  await attempt('no reason', 'adjustStock', { delta: 1, reason: '' });
  await attempt('half a warehouse', 'adjustStock', {
    delta: 1,
    reason: 'counted',
    warehouse: half,
  });
  await attempt('no such product', 'adjustStock', { delta: 1, reason: 'counted', sku: 'NO-SUCH' });
  await attempt('a price below nothing', 'upsertProduct', { name: 'Jar', unitPrice: pounds('-1') });
  await attempt('no name', 'upsertProduct', { name: '', unitPrice: pounds('1') });
  await attempt('half a name', 'upsertProduct', { name: half, unitPrice: pounds('1') });
  await attempt('a long story', 'upsertProduct', {
    name: 'Jar',
    description: 'j'.repeat(4_001),
    unitPrice: pounds('1'),
  });
  expect(answered).toEqual({
    nothing: 'BAD_USER_INPUT',
    'too much out': 'INSUFFICIENT_STOCK',
    'too much in': 'LIMIT_EXCEEDED',
    'beyond 32 bits': 'BAD_USER_INPUT',
    'no reason': 'BAD_USER_INPUT',
    'half a warehouse': 'BAD_USER_INPUT',
    'no such product': 'NOT_FOUND',
    'a price below nothing': 'BAD_USER_INPUT',
    'no name': 'BAD_USER_INPUT',
    'half a name': 'BAD_USER_INPUT',
    'a long story': 'BAD_USER_INPUT',
  });
  expect(await shop.stockroom.available('JAR')).toBe(5);
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

test('good orders that come in the midst of bad ones are placed all the same', async () => {
  const [frank, villain] = [
    await shop.open({ subject: 'frank' }),
    await shop.open({ subject: 'villain' }),
  ];
  await shop.stockroom.offer({ sku: 'ROPE', quantity: 100 });
  const bad = Object.values(badOrders).map(([change]) => tryToPlace(villain, change));
  const good = Array.from({ length: 40 }, () => placeOne(frank, 'ROPE'));
  expect((await Promise.all(bad)).flatMap(codesIn).every((code) => code === 'BAD_USER_INPUT')).toBe(
    true,
  );
  expect(await Promise.all(good)).toHaveLength(40);
  await vi.waitFor(async () => expect(await shop.stockroom.available('ROPE')).toBe(60), patience);
  expect(await ordersOf(villain)).toEqual([]);
});

function tryToPlace(customer: Storefront, change: object): Promise<Answer> {
  const input = { ...placeOrderInput({ lines: [line], idempotencyKey: 'key' }), ...change };
  return customer.run({
    query: 'mutation Try($input: PlaceOrderInput!) { placeOrder(input: $input) { replayed } }',
    variables: { input: typeof change === 'string' ? change : input },
  });
}

async function placeOne(customer: Storefront, sku: string) {
  return placedIn(await customer.placeOrder({ lines: [{ sku, quantity: 1 }] }));
}

async function ordersOf(customer: Storefront): Promise<unknown[]> {
  const shape = z.object({ orders: z.object({ nodes: z.array(z.unknown()) }) });
  return (await customer.data({ query: '{ orders { nodes { id } } }' }, shape)).orders.nodes;
}

const refusing = new Set<string | undefined>(['BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED']);

/** Neither stack traces nor hosts, programs, tables or the names of what was not asked for. */
function expectNothingTold({ text }: Answer): void {
  expect(text).not.toMatch(
    /\bat .+:\d+:\d+|node_modules|127\.0\.0\.1|postgres|sql|relation|ECONN|did you mean/i,
  );
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
