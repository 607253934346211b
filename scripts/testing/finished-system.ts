/** A system in which orders have come to every kind of end, stopped, with its databases, streams and journal left. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPaymentProvider } from '@ordergraph/sandbox/payment-provider/server.ts';
import { freeStackPorts } from '@ordergraph/tests/environment.ts';
import { expect, inject, vi } from 'vitest';
import { signDevelopmentToken } from '../development-token.ts';
import type { Connections } from '../invariants/scene.ts';
import { loadSecrets } from '../secrets.ts';
import { startStack } from '../stack.ts';
import { openTestShop, type TestShop } from './shop.ts';

export type FinishedSystem = {
  /** As the server's administrator, who may tamper. */
  readonly connections: Connections;
  readonly secrets: { readonly internalSecret: string };
  stop(): Promise<void>;
};

const holdMs = 3_000;

export async function finishedSystem(prefix: string): Promise<FinishedSystem> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ordergraph-finished-'));
  const ports = await freeStackPorts();
  const stack = await startStack({
    backing: {
      databaseUrl: inject('databaseUrl'),
      natsUrl: inject('natsUrl'),
      redisUrl: inject('redisUrl'),
    },
    dataDir,
    prefix,
    ports,
    logLevel: 'error',
    variables: { DATABASE_POOL_MAX: '4', HOLD_DURATION_MS: String(holdMs) },
  });
  const secrets = await loadSecrets(dataDir);
  const shop = await openTestShop({
    url: stack.url,
    token: (claims) =>
      signDevelopmentToken(secrets, { subject: 'shop', role: 'staff', scopes: [], ...claims }),
  });
  try {
    await bringOrdersToTheirEnds(shop);
  } finally {
    await Promise.all([shop.close(), stack.stop()]);
  }
  const provider = await startPaymentProvider({
    port: ports.paymentProvider,
    apiKey: secrets.sandboxApiKey,
    webhookSecret: secrets.sandboxWebhookSecret,
    webhookUrl: 'http://127.0.0.1:9/nobody',
    journalFile: join(dataDir, `${prefix}-provider-journal.jsonl`),
  });
  const asAdministrator = Object.entries(stack.databaseUrls).map(([name, url]) => {
    const admin = new URL(inject('databaseUrl'));
    admin.pathname = new URL(url).pathname;
    return [name, admin.href];
  });
  return {
    connections: {
      databaseUrls: Object.fromEntries(asAdministrator) as Connections['databaseUrls'],
      natsUrl: inject('natsUrl'),
      natsPrefix: prefix,
      providerUrl: provider.url,
      providerApiKey: secrets.sandboxApiKey,
    },
    secrets,
    async stop() {
      await provider.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function bringOrdersToTheirEnds(shop: TestShop): Promise<void> {
  await shop.stock('LAMP', 10);
  await shop.stock('LAST', 1);
  const confirmed = await shop.place('LAMP');
  const last = await shop.place('LAST');
  const ends = new Map([
    [confirmed, 'CONFIRMED'],
    [last, 'CONFIRMED'],
  ]);
  for (const [id, end] of ends) await arrival(shop, id, end);
  ends.set(await shop.place('LAST'), 'REJECTED');
  ends.set(await shop.place('LAMP', { token: 'tok_declined' }), 'EXPIRED');
  ends.set(await shop.place('LAMP', { token: 'tok_wrong_amount' }), 'ON_HOLD');
  const cancelled = await shop.place('LAMP');
  await arrival(shop, cancelled, 'CONFIRMED');
  await shop.cancel(cancelled);
  ends.set(cancelled, 'CANCELLED');
  for (const [id, end] of ends) await arrival(shop, id, end);
  await vi.waitFor(async () => expect(await shop.unsentMessages()).toBe(0), patience);
}

async function arrival(shop: TestShop, orderId: string, end: string): Promise<void> {
  await vi.waitFor(async () => expect(await shop.status(orderId)).toBe(end), patience);
}

const patience = { timeout: 20_000, interval: 100 };
