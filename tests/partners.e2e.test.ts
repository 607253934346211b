/** The example partner of this project on the whole system: from its key to an order delivered to its stream. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ask, type Question, type TransportName } from '@ordergraph/router/test/asking.ts';
import { overSocket, socketClient } from '@ordergraph/router/test/clients.ts';
import { beforeAll, expect, inject, test, vi } from 'vitest';
import { z } from 'zod';
import { shopUnderTest } from './shop-under-test.ts';
import { placeOrderInput } from './storefront.ts';

const shop = shopUnderTest();
const patience = { timeout: 20_000, interval: 50 };
const manifestFile = fileURLToPath(new URL('../schema/partners/brightshelf.json', import.meta.url));
const manifest = z
  .object({ operations: z.array(z.object({ id: z.string(), name: z.string() })) })
  .parse(JSON.parse(await readFile(manifestFile, 'utf8')));

function idOf(name: string): string {
  return manifest.operations.find((operation) => operation.name === name)?.id ?? 'none';
}

/** The command that people run, and what it printed. */
async function command(...args: string[]): Promise<string> {
  const script = fileURLToPath(new URL('../scripts/partner.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], {
    env: {
      ...process.env,
      DATA_DIR: shop.system.dataDir,
      DATABASE_URL: inject('databaseUrl'),
      NATS_URL: inject('natsUrl'),
      NATS_PREFIX: shop.system.prefix,
    },
  });
  return stdout.trimEnd();
}

async function newKey(name: string, ...scopes: string[]): Promise<string> {
  const options = scopes.flatMap((scope) => ['--scope', scope]);
  return (await command('add', name, ...options)).split('\n').at(-1) ?? '';
}

let apiKey: string;
beforeAll(async () => {
  apiKey = await newKey('brightshelf', 'analytics:read');
  await command('publish', 'brightshelf', manifestFile);
  const question = { parameters: { id: idOf('Catalogue') }, apiKey };
  const isServed = async (): Promise<boolean> =>
    (await ask(shop.system.url, 'POST', question)).codes.length === 0;
  await vi.waitUntil(isServed, patience);
});

async function run(
  name: string,
  variables: object = {},
  how: { transport?: TransportName } & Partial<Question> = {},
): Promise<unknown> {
  const { transport = 'POST', ...rest } = how;
  const question = { parameters: { documentId: idOf(name), variables }, apiKey, ...rest };
  const { codes, data } = await ask(shop.system.url, transport, question);
  expect(codes).toEqual([]);
  return data;
}

const placed = z.object({ placeOrder: z.object({ order: z.object({ id: z.string() }) }) });

async function place(sku: string, how: Partial<Question> = {}): Promise<string> {
  const input = {
    ...placeOrderInput({ lines: [{ sku, quantity: 2 }] }),
    idempotencyKey: randomUUID(),
  };
  return placed.parse(await run('PlaceOrder', { input }, how)).placeOrder.order.id;
}

test('the example partner sells from its first key to the last status, and reports, by what it has published', async () => {
  await shop.stockroom.offer({ sku: 'LANTERN', quantity: 10 });
  const catalogue = await run('Catalogue', { first: 5 }, { transport: 'GET' });
  expect(JSON.stringify(catalogue)).toContain('LANTERN');

  const id = await place('LANTERN');
  const client = socketClient(shop.system.url, { apiKey });
  const persistedQuery = { version: 1, sha256Hash: idOf('OrderChanges') };
  const operation = { query: '', variables: { orderId: id }, extensions: { persistedQuery } };
  const stream = overSocket(client, operation);
  await expect.poll(() => JSON.stringify(stream.results.at(-1)), patience).toContain('CONFIRMED');
  stream.stop();
  await client.dispose();

  expect(await run('OrderById', { id })).toMatchObject({
    order: { id, status: 'CONFIRMED', lines: [{ sku: 'LANTERN', product: { available: 8 } }] },
  });
  const today = new Date().toISOString().slice(0, 10);
  const sold = z.object({ salesReport: z.object({ totals: z.object({ units: z.int() }) }) });
  const units = async (): Promise<number> =>
    sold.parse(await run('SalesByDay', { from: today, to: today })).salesReport.totals.units;
  await expect.poll(units, patience).toBeGreaterThanOrEqual(2);
});

test('an order that a partner places for a person is that person’s, and no other partner’s or person’s', async () => {
  await shop.stockroom.offer({ sku: 'KETTLE', quantity: 10 });
  const authorization = `Bearer ${await shop.system.token({ subject: 'alice' })}`;
  const id = await place('KETTLE', { authorization });
  const alice = await shop.open();
  expect(await alice.order(id)).toMatchObject({ id });
  expect(await run('OrderById', { id }, { authorization })).toMatchObject({ order: { id } });
  expect(await run('OrderById', { id })).toEqual({ order: null });

  const other = await newKey('shelf-two');
  await command('publish', 'shelf-two', manifestFile);
  const asOther = { parameters: { id: idOf('OrderById'), variables: { id } }, apiKey: other };
  await expect
    .poll(async () => (await ask(shop.system.url, 'POST', asOther)).data, patience)
    .toEqual({ order: null });
});

test('a partner without a scope is not let to what needs it', async () => {
  const other = await newKey('shelf-three');
  await command('publish', 'shelf-three', manifestFile);
  const today = new Date().toISOString().slice(0, 10);
  const question = {
    parameters: { id: idOf('SalesByDay'), variables: { from: today, to: today } },
    apiKey: other,
  };
  await expect
    .poll(async () => (await ask(shop.system.url, 'POST', question)).codes, patience)
    .toEqual(['FORBIDDEN']);
});

test('what the partner ran is told by operation and field', async () => {
  await run('Catalogue');
  await expect
    .poll(() => command('usage', 'brightshelf'), { timeout: 30_000, interval: 500 })
    .toMatch(/^Catalogue +query +[1-9]/m);
  expect(await command('usage', 'brightshelf')).toMatch(
    /^Product\.available +[1-9]\d* +.*Catalogue/m,
  );
  expect(await command('usage', '--field', 'Product.available')).toContain('brightshelf');
});

test('a revoked partner is refused, and its operations no longer bind the API', async () => {
  const key = await newKey('shelf-four');
  await command('publish', 'shelf-four', manifestFile);
  const question = { parameters: { id: idOf('Catalogue') }, apiKey: key };
  const codes = async () => (await ask(shop.system.url, 'POST', question)).codes;
  await expect.poll(codes, patience).toEqual([]);
  expect(await command('check')).toMatch(/^The API serves all \d+ operations/);
  await command('revoke', 'shelf-four');
  await expect.poll(codes, patience).toEqual(['UNAUTHENTICATED']);
});
