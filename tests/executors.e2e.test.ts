/** The project's own queries on the whole system: our executor and the stock one give the same answers. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readConfig } from '@ordergraph/platform/config.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import type { RunningService } from '@ordergraph/platform/service.ts';
import { routerService } from '@ordergraph/router/service.ts';
import { readBackQuery } from '@ordergraph/scripts/replay/read-back.ts';
import {
  developmentAudience,
  developmentIssuer,
  jwksFile,
  loadSecrets,
} from '@ordergraph/scripts/secrets.ts';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { everythingOf } from './everything-of.ts';
import { postGraphql, type Operation } from './graphql-over-http.ts';
import { shopUnderTest } from './shop-under-test.ts';
import { placedIn } from './storefront.ts';

const shop = shopUnderTest();
const manifestFile = fileURLToPath(new URL('../schema/partners/brightshelf.json', import.meta.url));
const manifest = z
  .object({ operations: z.array(z.object({ name: z.string(), body: z.string() })) })
  .parse(JSON.parse(await readFile(manifestFile, 'utf8')));

let stock: RunningService;
let orderIds: readonly string[] = [];
let headers: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  const { internalSecret } = await loadSecrets(shop.system.dataDir);
  const urls = Object.entries(shop.system.services).map(([name, { url }]) => [name, url]);
  const environment = {
    PORT: '0',
    EXECUTOR: 'gateway',
    NODE_ENV: 'development',
    INTERNAL_SECRET: internalSecret,
    SUBGRAPH_URLS: JSON.stringify(Object.fromEntries(urls)),
    JWKS_FILE: jwksFile(shop.system.dataDir),
    JWT_ISSUER: developmentIssuer,
    JWT_AUDIENCE: developmentAudience,
  };
  stock = await routerService.start(
    readConfig(routerService.configuration, environment),
    createLogger('stock', 'silent'),
  );
  await shop.stockroom.offer({ sku: 'CUP', quantity: 100 });
  await shop.stockroom.offer({ sku: 'TEAPOT', quantity: 1 });
  const alice = await shop.open({ subject: 'alice', scopes: ['analytics:read'] });
  ({ headers } = alice);
  const place = async (sku: string, quantity: number, token = 'tok_ok') =>
    placedIn(
      await alice.placeOrder({ lines: [{ sku, quantity }], token, email: 'a@shop.example' }),
    );
  const placed = [
    await place('CUP', 3),
    await place('TEAPOT', 2),
    await place('CUP', 1, 'tok_declined'),
  ];
  orderIds = placed.map(({ id }) => id);
  const ends = ['CONFIRMED', 'REJECTED', 'RESERVED'];
  const isSettled = async (id: string): Promise<boolean> => {
    const query =
      'query ($id: ID!) { order(id: $id) { payment { attempts { status } } notifications { status } } }';
    const { text } = await postGraphql(shop.system.url, { query, variables: { id } }, headers);
    return /"(SENT|FAILED|DECLINED)"/.test(text);
  };
  await vi.waitUntil(
    async () => {
      const orders = await Promise.all(orderIds.map((id) => alice.order(id)));
      const settled = await Promise.all(orderIds.map(isSettled));
      return orders.every((order, i) => order?.status === ends[i]) && settled.every(Boolean);
    },
    { timeout: 20_000, interval: 50 },
  );
});
afterAll(() => stock.stop());

/** Each query of ours, with the variables that it is asked with. */
function ownQueries(): readonly Operation[] {
  const variables = {
    id: orderIds[0],
    first: 2,
    from: '2026-01-01',
    to: '2026-12-31',
    ...Object.fromEntries(orderIds.map((id, i) => [`id${i}`, id])),
  };
  const published = manifest.operations.map(({ body }) => body);
  const texts = [
    ...published.filter((text) => text.startsWith('query')),
    readBackQuery(orderIds.length),
    '{ orders(first: 10) { nodes { id number lines { product { sku available } } payment { status } } pageInfo { hasNextPage endCursor } } }',
    '{ notifications(first: 10) { nodes { kind order { number lines { name product { name } } } } } }',
    '{ a: product(sku: "CUP") { name } b: product(sku: "NONE") { name } products(first: 1) { edges { node { sku __typename } } } }',
    getIntrospectionQuery({ inputValueDeprecation: true }),
  ];
  const orders = [...orderIds, 'ord_00000000-0000-7000-8000-000000000000', 'rubbish'];
  return [
    ...texts.map((query) => ({ query, variables })),
    ...orders.map((id) => ({ query: everythingOf, variables: { id } })),
  ];
}

async function answersOf(operation: Operation): Promise<readonly unknown[]> {
  const routers = [shop.system.url, stock.url];
  return Promise.all(
    routers.map(async (url) => {
      const { status, data, errors } = await postGraphql(url, operation, headers);
      return { status, data, codes: errors.map(({ path, extensions }) => [path, extensions]) };
    }),
  );
}

test('own queries have the same answers from both', async () => {
  for (const operation of ownQueries()) {
    const [own, other] = await answersOf(operation);
    expect(own).toEqual(other);
    expect(own).toMatchObject({ status: 200 });
  }
});

test('with a service that is away they leave out the same, and name it', async () => {
  await shop.system.services.payment.stop();
  let named = false;
  try {
    for (const operation of ownQueries()) {
      const [own, other] = await answersOf(operation);
      expect(own).toEqual(other);
      named ||= JSON.stringify(own).includes('"service":"payment"');
    }
    expect(named).toBe(true);
  } finally {
    await shop.system.services.payment.start();
  }
});
