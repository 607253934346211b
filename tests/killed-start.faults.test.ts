/** `npm start`, killed by kill -9 with orders in flight, and started again on the same data directory. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { expect, onTestFinished, test, vi } from 'vitest';
import { install, type Installation } from './processes/installation.ts';
import { openStockroom } from './stockroom.ts';
import { openStorefront, placedIn, type Storefront } from './storefront.ts';

const ordersCount = 240;
const buyersCount = 16;
const sku = 'LAMP';
const patience = { timeout: 60_000, interval: 50 };

test('npm start killed with orders in flight goes on where it was: nothing acknowledged is lost, and every order comes to its end', async () => {
  const installation = await install({ CHARGE_TIMEOUT_MS: '1500' });
  onTestFinished(() => installation.remove());
  const { program } = installation;
  const stockroom = await openStockroom(installation);
  onTestFinished(() => stockroom.close());
  await stockroom.offer({ sku, quantity: ordersCount });
  const customer = await openStorefront(installation);
  onTestFinished(() => customer.close());

  const acknowledged = new Map<string, string>();
  const buying = buy(customer, acknowledged);
  await reached(acknowledged, ordersCount / 4);
  expect(await installation.lockHolder()).toBe(program.pid);
  await program.kill();
  const firstDeath = new Date();
  await program.start();
  const firstRevival = new Date();

  await reached(acknowledged, (ordersCount * 3) / 4);
  const orphans = installation.servers();
  expect(orphans).toHaveLength(3);
  // Nobody is left who would stop the servers.
  for (const pid of installation.watchdogs()) process.kill(pid, 'SIGKILL');
  await program.kill();
  const secondDeath = new Date();
  expect(installation.servers()).toEqual(orphans);
  await program.start();
  const secondRevival = new Date();
  expect(installation.servers().filter((pid) => orphans.includes(pid))).toEqual([]);

  await buying;
  const orders = postgres(await installation.ordersUrl(), { max: 1 });
  onTestFinished(() => orders.end());
  const statuses = async () => [
    ...(await orders`select status, count(*)::int as count from orders group by status`),
  ];
  await expect.poll(statuses, patience).toEqual([{ status: 'CONFIRMED', count: ordersCount }]);
  const placed = await orders<{ id: string }[]>`select id from orders`;
  expect(placed.map(({ id }) => id).toSorted()).toEqual([...acknowledged.values()].toSorted());
  for (const [death, revival] of [
    [firstDeath, firstRevival],
    [secondDeath, secondRevival],
  ] as const) {
    const survivors = await orders`
      select from orders where placed_at < ${death} and updated_at > ${revival}`;
    expect(survivors.length).toBeGreaterThan(0);
  }
  expect(await npmRunInvariants(installation)).toContain('All ');

  await program.stop();
  expect(installation.servers()).toEqual([]);
  expect(existsSync(join(installation.dataDir, 'ordergraph.pid'))).toBe(false);
}, 240_000);

/** Has all orders placed by buyers who ask again, under the same key, until they are answered. */
async function buy(customer: Storefront, acknowledged: Map<string, string>): Promise<void> {
  const keys = Array.from({ length: ordersCount }, () => randomUUID());
  const buyer = async (): Promise<void> => {
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      const email = 'alice@shop.example';
      const order = { lines: [{ sku, quantity: 1 }], email, idempotencyKey: key };
      const { id } = await vi.waitFor(
        async () => placedIn(await customer.placeOrder(order)),
        patience,
      );
      acknowledged.set(key, id);
    }
  };
  await Promise.all(Array.from({ length: buyersCount }, buyer));
}

async function reached(acknowledged: ReadonlyMap<string, string>, count: number): Promise<void> {
  await vi.waitUntil(() => acknowledged.size >= count, { ...patience, interval: 1 });
}

/** @throws if it finds a breach */
async function npmRunInvariants({ dataDir }: Installation): Promise<string> {
  const script = fileURLToPath(new URL('../scripts/invariants/invariants.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script], {
    env: { ...process.env, DATA_DIR: dataDir },
  });
  return stdout;
}
