import { readFile } from 'node:fs/promises';
import { encodeCursor } from '@ordergraph/platform/keyset.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import {
  anonymous,
  identityHeader,
  signIdentity,
  type Identity,
} from '@ordergraph/platform/identity.ts';
import { startSubgraphServer, type SubgraphServer } from '@ordergraph/platform/subgraph-server.ts';
import { createMetrics } from '@ordergraph/platform/telemetry.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { orderEvents } from '../test-events.ts';
import { testInventory } from '../test-inventory.ts';
import { createContext } from './context.ts';
import { resolvers } from './resolvers.ts';

const sdlFile = new URL('../../../schema/inventory.graphql', import.meta.url);
const secret = 'a secret that is used by these tests alone';
let world: Awaited<ReturnType<typeof testInventory>>;
let server: SubgraphServer;
beforeAll(async () => {
  world = await testInventory();
  server = await startSubgraphServer({
    name: 'inventory',
    sdl: await readFile(sdlFile, 'utf8'),
    resolvers,
    context: createContext(world.sql, world.inventory),
    host: '127.0.0.1',
    port: 0,
    secret,
    logger: createLogger('inventory', 'silent'),
    metrics: createMetrics('inventory'),
    ready: async () => undefined,
  });
});
afterAll(async () => {
  await server.stop();
  await world.drop();
});

const staff: Identity = { subject: 'bob', role: 'staff', scopes: [] };
const customer = (subject: string): Identity => ({ subject, role: 'customer', scopes: [] });

const answerSchema = z.object({
  data: z.unknown(),
  errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).optional(),
});

type Asking = { as?: Identity; with?: object };

function posted(query: string, { as = anonymous, with: variables = {} }: Asking = {}) {
  return fetch(server.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [identityHeader]: signIdentity(as, secret, Date.now()),
    },
    body: JSON.stringify({ query, variables }),
  });
}

/** For how long and for whom the server says that an answer may be kept. */
async function keeping(query: string, asking?: Asking): Promise<string | null> {
  return (await posted(query, asking)).headers.get('cache-control');
}

async function run(query: string, asking?: Asking) {
  const response = await posted(query, asking);
  const { data, errors } = answerSchema.parse(await response.json());
  return { data, ...(errors ? { codes: errors.map(({ extensions }) => extensions.code) } : {}) };
}

describe('the catalogue', () => {
  beforeAll(async () => {
    await world.stock('cat-1', { main: 3, north: 4 });
    await world.stock('cat-2', {});
    await world.stock('cat-3_100%', { main: 1 });
    await world.handle(orderEvents('cat-order').placed(['cat-1', 2], ['cat-3_100%', 1]));
  });

  test('is open to everybody, with what is free in all warehouses together', async () => {
    const product = 'sku name description unitPrice { amount currencyCode } available';
    expect(await run(`{ product(sku: "cat-1") { ${product} } }`)).toEqual({
      data: {
        product: {
          sku: 'cat-1',
          name: 'cat-1',
          description: null,
          unitPrice: { amount: '1.00', currencyCode: 'GBP' },
          available: 5,
        },
      },
    });
  });

  test('may be kept by everybody for a minute, but for what changes with every order', async () => {
    const details = 'sku name description unitPrice { amount currencyCode }';
    const page = 'pageInfo { endCursor hasNextPage }';
    for (const query of [
      `{ product(sku: "cat-1") { ${details} } }`,
      '{ product(sku: "nothing-such") { sku } }',
      `{ products { nodes { ${details} } edges { cursor node { ${details} } } ${page} } }`,
      '{ products(filter: { inStock: false, nameContains: "cat" }) { nodes { sku } } }',
    ]) {
      const said = [await keeping(query), await keeping(query, { as: customer('alice') })];
      expect({ query, said }).toEqual({ query, said: Array(2).fill('max-age=60, public') });
    }
    for (const query of [
      '{ product(sku: "cat-1") { sku available } }',
      '{ products { nodes { sku } edges { node { available } } } }',
      '{ products(filter: { inStock: true }) { nodes { sku } } }',
    ]) {
      expect({ query, said: await keeping(query) }).toEqual({ query, said: 'no-store' });
    }
  });

  test('may be kept as entities, too; what belongs to an order may not, and an answer with errors is none', async () => {
    const entities = (representations: readonly object[], selection: string) =>
      keeping(`query ($of: [_Any!]!) { _entities(representations: $of) { ${selection} } }`, {
        as: customer('alice'),
        with: { of: representations },
      });
    const product = { __typename: 'Product', sku: 'cat-1' };
    const order = { __typename: 'Order', id: 'cat-order' };
    expect(await entities([product], '... on Product { name }')).toBe('max-age=60, public');
    expect(await entities([product], '... on Product { name available }')).toBe('no-store');
    expect(await entities([order], '... on Order { reservations { sku } }')).toBe('no-store');
    expect(await entities([product, { __typename: 'Nobody' }], '... on Product { name }')).toBe(
      'no-store',
    );
  });

  test('answers null for what there is not, whatever is asked for', async () => {
    for (const sku of ['nothing-such', '', '\u0000', 'x'.repeat(10_000)]) {
      expect(
        await run('query ($sku: ID!) { product(sku: $sku) { sku } }', { with: { sku } }),
      ).toEqual({
        data: { product: null },
      });
    }
  });

  test('is paged in order of SKU, without gap or repeat', async () => {
    const page = `query ($after: String) { products(first: 2, after: $after) {
      nodes { sku } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;
    expect(await run(page)).toMatchObject({
      data: {
        products: {
          nodes: [{ sku: 'cat-1' }, { sku: 'cat-2' }],
          pageInfo: { hasNextPage: true, hasPreviousPage: false },
        },
      },
    });
    expect(await run(page, { with: { after: encodeCursor(['cat-2']) } })).toMatchObject({
      data: {
        products: {
          nodes: [{ sku: 'cat-3_100%' }],
          pageInfo: { hasNextPage: false, hasPreviousPage: true },
        },
      },
    });
  });

  test.each([
    ['{ skus: ["cat-2", "cat-1", "nothing-such", ""] }', ['cat-1', 'cat-2']],
    ['{ skus: [] }', []],
    ['{ nameContains: "CAT-2" }', ['cat-2']],
    ['{ nameContains: "_100%" }', ['cat-3_100%']],
    ['{ nameContains: "cat_1" }', []],
    ['{ inStock: true }', ['cat-1']],
    ['{ inStock: true, skus: ["cat-2"] }', []],
    ['{ inStock: false }', ['cat-1', 'cat-2', 'cat-3_100%']],
    ['null', ['cat-1', 'cat-2', 'cat-3_100%']],
  ])('narrowed by %s gives %j', async (filter, skus) => {
    expect(await run(`{ products(filter: ${filter}) { nodes { sku } } }`)).toEqual({
      data: { products: { nodes: skus.map((sku) => ({ sku })) } },
    });
  });

  test.each([
    'first: 0',
    'first: 101',
    'after: "rubbish"',
    `after: "${Buffer.from('[1]').toString('base64url')}"`,
    `filter: { skus: [${'"x",'.repeat(251)}] }`,
    `filter: { nameContains: "${'x'.repeat(256)}" }`,
  ])('refuses %s', async (input) => {
    expect(await run(`{ products(${input}) { nodes { sku } } }`)).toMatchObject({
      codes: ['BAD_USER_INPUT'],
    });
  });

  test('resolves its entities for everybody, unknown ones as null', async () => {
    const representations = ['cat-1', 'nothing-such', 'cat-2'].map((sku) => ({
      __typename: 'Product',
      sku,
    }));
    const source = `query ($representations: [_Any!]!) {
      _entities(representations: $representations) { ... on Product { name available } } }`;
    expect(await run(source, { with: { representations } })).toEqual({
      data: { _entities: [{ name: 'cat-1', available: 5 }, null, { name: 'cat-2', available: 0 }] },
    });
  });
});

const threeReservations = (status: string) => ({
  data: {
    _entities: [{ reservations: Array.from({ length: 3 }, () => ({ status, expiresAt: null })) }],
  },
});

describe("an order's reservations", () => {
  const source = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Order { id reservations {
      id sku warehouse quantity status expiresAt product { name } } } } }`;
  const ask = (as: Identity, ...ids: string[]) => {
    const representations = ids.map((id) => ({ __typename: 'Order', id }));
    return run(source, { as, with: { representations } });
  };
  const hold = { status: 'HELD', expiresAt: '2026-11-22T17:45:00.000Z' };

  beforeAll(async () => {
    await world.stock('res', { main: 5, north: 4 });
    await world.handle(
      orderEvents('r-held').placed(['res', 1], ['res', 6]),
      orderEvents('r-refused').placed(['res', 9]),
    );
  });

  test('are shown to its owner and to staff, in the order of its lines', async () => {
    const expected = {
      data: {
        _entities: [
          {
            id: 'r-held',
            reservations: [
              { sku: 'res', warehouse: 'main', quantity: 1, product: { name: 'res' }, ...hold },
              { warehouse: 'main', quantity: 4, ...hold },
              { warehouse: 'north', quantity: 2, ...hold },
            ],
          },
          { id: 'r-refused', reservations: [] },
        ],
      },
    };
    expect(await ask(customer('alice'), 'r-held', 'r-refused')).toMatchObject(expected);
    expect(await ask(staff, 'r-held', 'r-refused')).toMatchObject(expected);
  });

  test('are hidden from other customers, and an order not heard of has none', async () => {
    expect(await ask(customer('eve'), 'r-held', 'r-refused', 'r-unknown', '\u0000')).toMatchObject({
      data: {
        _entities: [
          { reservations: null },
          { reservations: null },
          { reservations: [] },
          { reservations: [] },
        ],
      },
    });
  });

  test('need a caller', async () => {
    expect(await ask(anonymous, 'r-held')).toMatchObject({
      data: { _entities: [{ reservations: null }] },
      codes: ['UNAUTHENTICATED'],
    });
  });

  test('stay to be seen when allocated and when released', async () => {
    await world.handle(orderEvents('r-held').confirmed());
    expect(await ask(staff, 'r-held')).toMatchObject(threeReservations('ALLOCATED'));
    await world.handle(orderEvents('r-held').cancelling());
    expect(await ask(staff, 'r-held')).toMatchObject(threeReservations('RELEASED'));
  });
});

const bookOne = (alias: string) => `${alias}: adjustStock(input: {
  idempotencyKey: "serial-${alias}", sku: "serial", delta: 1, reason: "counted"
}) { product { available } }`;

describe('changes', () => {
  const upsert = `mutation ($input: UpsertProductInput!) { upsertProduct(input: $input) {
    product { sku name unitPrice { amount } available } replayed
    userErrors { __typename code field } } }`;
  const adjust = `mutation ($input: AdjustStockInput!) { adjustStock(input: $input) {
    product { sku available } replayed
    userErrors { __typename code field ... on InsufficientStock { sku requested available } } } }`;
  const product = {
    idempotencyKey: 'g-1',
    sku: 'g-1',
    name: 'First',
    unitPrice: { amount: '12.5', currencyCode: 'GBP' },
  };
  const delivery = { idempotencyKey: 'g-2', sku: 'g-1', delta: 5, reason: 'received' };

  test('are for staff only', async () => {
    for (const [source, input] of [
      [upsert, product],
      [adjust, delivery],
    ] as const) {
      expect(await run(source, { with: { input } })).toMatchObject({ codes: ['UNAUTHENTICATED'] });
      expect(await run(source, { as: customer('alice'), with: { input } })).toMatchObject({
        codes: ['FORBIDDEN'],
      });
    }
  });

  test('are answered with the product, and again under the same key', async () => {
    const change = (input: object) => run(upsert, { as: staff, with: { input } });
    const shown = { sku: 'g-1', name: 'First', unitPrice: { amount: '12.50' }, available: 0 };
    expect(await change(product)).toEqual({
      data: { upsertProduct: { product: shown, replayed: false, userErrors: [] } },
    });
    expect(await change(product)).toMatchObject({ data: { upsertProduct: { replayed: true } } });
    expect(await change({ ...product, name: 'Other' })).toMatchObject({
      data: {
        upsertProduct: {
          product: null,
          userErrors: [
            {
              __typename: 'BasicUserError',
              code: 'IDEMPOTENCY_KEY_REUSED',
              field: ['input', 'idempotencyKey'],
            },
          ],
        },
      },
    });
    expect(await run(adjust, { as: staff, with: { input: delivery } })).toMatchObject({
      data: { adjustStock: { product: { available: 5 }, replayed: false } },
    });
    const tooMuch = { ...delivery, idempotencyKey: 'g-3', delta: -6 };
    expect(await run(adjust, { as: staff, with: { input: tooMuch } })).toMatchObject({
      data: {
        adjustStock: {
          product: null,
          userErrors: [{ __typename: 'InsufficientStock', sku: 'g-1', requested: 6, available: 5 }],
        },
      },
    });
  });

  test('in one operation each see what the one before has done', async () => {
    await world.stock('serial', { main: 1 });
    expect(await run(`mutation { ${bookOne('a')} ${bookOne('b')} }`, { as: staff })).toEqual({
      data: { a: { product: { available: 2 } }, b: { product: { available: 3 } } },
    });
  });

  test.each([
    [{ delta: 0 }],
    [{ delta: -2_147_483_648 }],
    [{ reason: '' }],
    [{ reason: 'x'.repeat(256) }],
    [{ sku: '' }],
    [{ sku: 'a\u0000b' }],
    [{ warehouse: '' }],
    [{ idempotencyKey: '' }],
    [{ idempotencyKey: 'x'.repeat(256) }],
  ])('refuse malformed stock bookings: %j', async (wrong) => {
    const input = { ...delivery, ...wrong };
    expect(await run(adjust, { as: staff, with: { input } })).toMatchObject({
      codes: ['BAD_USER_INPUT'],
    });
  });

  test.each([
    [{ sku: 'x'.repeat(65) }],
    [{ name: '' }],
    [{ name: 'two\nlines' }],
    [{ description: 'x'.repeat(4_001) }],
    [{ unitPrice: { amount: '-1', currencyCode: 'GBP' } }],
    [{ unitPrice: { amount: '1.001', currencyCode: 'GBP' } }],
    [{ unitPrice: { amount: '999999999999999', currencyCode: 'GBP' } }],
  ])('refuse malformed products: %j', async (wrong) => {
    const input = { ...product, ...wrong };
    expect(await run(upsert, { as: staff, with: { input } })).toMatchObject({
      codes: ['BAD_USER_INPUT'],
    });
  });
});
