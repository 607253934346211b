/** Who sees and does what: customers their own, staff everything, strangers the catalogue, forgers nothing more. */
import { loadSecrets } from '@ordergraph/scripts/secrets.ts';
import { identityHeader, signIdentity, type Identity } from '@ordergraph/platform/identity.ts';
import { overSocket, overSse, socketClient } from '@ordergraph/router/test/clients.ts';
import { base64url, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { codesIn, postGraphql, type Operation } from './graphql-over-http.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { untilFlowing, watchAllOperation, watchOperation } from './status-watch.ts';
import { placedIn, placeOrderInput, type Storefront } from './storefront.ts';

const shop = shopUnderTest();
const patience = { timeout: 20_000, interval: 50 };
const absentId = 'ord_01jd8v4m7cf2x9qf1k2n3p4r5s';

test('another customer’s order looks exactly like one that does not exist; staff see it', async () => {
  const { alice, id } = await aliceWithOrder('LAMP');
  const mallory = await shop.open({ subject: 'mallory' });
  for (const query of [
    'query Look($id: ID!) { order(id: $id) { id status shippingAddress { name } } }',
    'query Look($id: ID!) { order(id: $id) { payment { id } reservations { id } notifications { id } } }',
  ]) {
    const look = (orderId: string) => mallory.run({ query, variables: { id: orderId } });
    expect(await look(id)).toEqual(await look(absentId));
    expect(await look(id)).toMatchObject({ status: 200, data: { order: null }, errors: [] });
  }
  const subscribe = async (orderId: string): Promise<unknown> => {
    const watch = mallory.watch(orderId);
    await vi.waitFor(() => expect(watch.end).toBeDefined(), patience);
    return watch.end;
  };
  expect(await subscribe(id)).toEqual(await subscribe(absentId));
  expect(await ordersOf(mallory)).toEqual([]);
  expect(await ordersOf(alice)).toEqual([{ id }]);
  expect(await shop.stockroom.staff.order(id)).toMatchObject({ id, status: 'CONFIRMED' });
});

test('a customer’s activity and messages are of that customer’s orders alone', async () => {
  const mallory = await shop.open({ subject: 'mallory' });
  await shop.stockroom.offer({ sku: 'FORK', quantity: 1_000 });
  const order = async () =>
    placedIn(await mallory.placeOrder({ lines: [{ sku: 'FORK', quantity: 1 }] })).id;
  const everything = mallory.watchAll();
  await untilFlowing(everything, order);
  const { id } = await aliceWithOrder('CUP');
  const last = await order();
  const changes = await everything.until(
    (change) => change.order.id === last && change.version === 3,
  );
  everything.stop();
  expect(changes.map((change) => change.order.id)).not.toContain(id);
  const { data } = await mallory.run({ query: '{ notifications { nodes { order { id } } } }' });
  expect(JSON.stringify(data)).not.toContain(id);
});

test('strangers see the catalogue, and are refused everything else on every transport', async () => {
  const { id } = await aliceWithOrder('VASE');
  const { url } = shop.system;
  const catalogue = await postGraphql(url, {
    query: '{ product(sku: "VASE") { name } products(first: 1) { nodes { sku } } }',
  });
  expect(catalogue).toMatchObject({ data: { product: { name: 'The VASE' } }, errors: [] });
  for (const operation of forCustomers(id)) {
    const answer = await postGraphql(url, operation);
    expect({ operation, codes: codesIn(answer) }).toEqual({
      operation,
      codes: ['UNAUTHENTICATED'],
    });
    expect(answer.text).not.toContain(id);
  }
  const client = socketClient(url);
  for (const query of [watchOperation, watchAllOperation]) {
    const variables = { orderId: id };
    const streams = [overSocket(client, { query, variables }), overSse(url, { query, variables })];
    for (const stream of streams) {
      await vi.waitFor(() => expect(stream.end).toBeDefined(), patience);
      expect(JSON.stringify(stream)).toContain('UNAUTHENTICATED');
      expect(JSON.stringify(stream)).not.toContain(id);
    }
  }
  await client.dispose();
});

test('what is for staff is forbidden to customers, and reports to those without the scope', async () => {
  const alice = await shop.open({ scopes: ['analytics:read'] });
  for (const operation of forStaff) {
    expect({ operation, codes: codesIn(await alice.run(operation)) }).toEqual({
      operation,
      codes: ['FORBIDDEN'],
    });
  }
  expect(codesIn(await shop.stockroom.staff.run(salesReport))).toEqual(['FORBIDDEN']);
  const analyst = await shop.open({ subject: 'ann', role: 'staff', scopes: ['analytics:read'] });
  expect(codesIn(await analyst.run(salesReport))).toEqual([]);
});

test('internal headers and statements that a client sends change nothing, even rightly signed', async () => {
  const { id } = await aliceWithOrder('BED');
  const { url } = shop.system;
  const { internalSecret } = await loadSecrets(shop.system.dataDir);
  const staff: Identity = {
    subject: 'stockroom',
    role: 'staff',
    scopes: ['orders:override-price'],
  };
  const identity = signIdentity(staff, internalSecret, Date.now());
  const forged = {
    [identityHeader]: identity,
    'x-ordergraph-deadline': '1',
    'x-user-role': 'staff',
  };
  const look = { query: 'query Look($id: ID!) { order(id: $id) { id } }', variables: { id } };
  expect(codesIn(await postGraphql(url, look, forged))).toEqual(['UNAUTHENTICATED']);
  const mallory = await shop.open({ subject: 'mallory' });
  const asMallory = await postGraphql(url, JSON.stringify({ ...look, extensions: { identity } }), {
    ...mallory.headers,
    ...forged,
  });
  expect(asMallory).toMatchObject({ data: { order: null }, errors: [] });
  const client = socketClient(url, { identity, [identityHeader]: identity });
  const operation = { query: watchOperation, variables: { orderId: id }, extensions: { identity } };
  for (const stream of [overSocket(client, operation), overSse(url, operation, forged)]) {
    await vi.waitFor(() => expect(stream.end).toBeDefined(), patience);
    expect(JSON.stringify(stream)).toContain('UNAUTHENTICATED');
  }
  await client.dispose();
});

test('a token of another issuer’s key, without a signature, or cut short, is refused', async () => {
  const { privateKey } = await generateKeyPair('ES256');
  const { tokenKey } = await loadSecrets(shop.system.dataDir);
  const good = await shop.system.token({});
  const [head = '', body = ''] = good.split('.');
  const claims = z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
  const publicKey = base64url.decode(String(tokenKey['x']));
  const tokens = [
    await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: tokenKey.kid })
      .sign(privateKey),
    await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: tokenKey.kid })
      .sign(publicKey),
    new UnsecuredJWT(claims).encode(),
    `${head}.${Buffer.from(JSON.stringify({ ...claims, role: 'staff' })).toString('base64url')}.${good.split('.')[2]}`,
    good.slice(0, -10),
    'staff',
  ];
  for (const token of tokens) {
    const answer = await postGraphql(
      shop.system.url,
      { query: '{ product(sku: "X") { sku } }' },
      { authorization: `Bearer ${token}` },
    );
    expect({ token, status: answer.status, codes: codesIn(answer) }).toEqual({
      token,
      status: 401,
      codes: ['UNAUTHENTICATED'],
    });
  }
});

test('subgraphs answer nobody but the router, not even to say what they serve', async () => {
  const { id } = await aliceWithOrder('HAT');
  const secret = 'a guess that is long enough to be a secret';
  const staff: Identity = { subject: 'stockroom', role: 'staff', scopes: [] };
  const forged = signIdentity(staff, secret, Date.now());
  const operations = [
    { query: '{ _service { sdl } }' },
    {
      query: 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Order { id } } }',
      variables: { of: [{ __typename: 'Order', id }] },
    },
  ];
  for (const { url } of Object.values(shop.system.services)) {
    for (const operation of operations) {
      for (const headers of [{}, { [identityHeader]: forged }]) {
        const answer = await postGraphql(url, operation, headers);
        expect(answer).toMatchObject({
          status: 401,
          errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
        });
        expect(answer.data).toBeUndefined();
      }
    }
  }
});

test('what only the router asks of subgraphs cannot be asked of the router', async () => {
  const { headers } = shop.stockroom.staff;
  for (const query of [
    '{ _service { sdl } }',
    '{ _entities(representations: []) { __typename } }',
  ]) {
    const answer = await postGraphql(shop.system.url, { query }, headers);
    expect(codesIn(answer)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  }
});

async function aliceWithOrder(sku: string): Promise<{ alice: Storefront; id: string }> {
  await shop.stockroom.offer({ sku, quantity: 10 });
  const alice = await shop.open({ subject: `alice-${sku}` });
  const lines = [{ sku, quantity: 1 }];
  const { id } = placedIn(await alice.placeOrder({ lines, email: 'alice@shop.example' }));
  await vi.waitFor(async () => expect((await alice.order(id))?.status).toBe('CONFIRMED'), patience);
  return { alice, id };
}

async function ordersOf(customer: Storefront): Promise<unknown> {
  const shape = z.object({ orders: z.object({ nodes: z.array(z.unknown()) }) });
  return (await customer.data({ query: '{ orders { nodes { id } } }' }, shape)).orders.nodes;
}

function mutation(field: string, input: object): Operation {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
  const query = `mutation Try($input: ${type}!) { ${field}(input: $input) { replayed } }`;
  return { query, variables: { input: { idempotencyKey: 'stranger', ...input } } };
}

const salesReport: Operation = {
  query: 'query Report($input: SalesReportInput!) { salesReport(input: $input) { asOf } }',
  variables: { input: { from: '2026-01-01', to: '2026-01-31', groupBy: 'DAY' } },
};
const forStaff: readonly Operation[] = [
  mutation('upsertProduct', {
    sku: 'GIFT',
    name: 'Gift',
    unitPrice: { amount: '0', currencyCode: 'GBP' },
  }),
  mutation('adjustStock', { sku: 'GIFT', delta: 1, reason: 'magic' }),
];

function forCustomers(orderId: string): readonly Operation[] {
  const payment = { channel: 'SANDBOX', token: 'tok_ok' };
  return [
    { query: 'query Look($id: ID!) { order(id: $id) { id } }', variables: { id: orderId } },
    { query: '{ orders { nodes { id } } }' },
    { query: '{ notifications { nodes { id } } }' },
    salesReport,
    ...forStaff,
    mutation('placeOrder', placeOrderInput({ lines: [{ sku: 'VASE', quantity: 1 }] })),
    mutation('payOrder', { orderId, payment }),
    mutation('cancelOrder', { orderId }),
  ];
}
