import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestSystem, type TestSystem } from '@ordergraph/tests/environment.ts';
import { openTestShop, type TestShop } from './testing/shop.ts';

let system: TestSystem;
let shop: TestShop;
let inventory: postgres.Sql;

beforeAll(async () => {
  system = await startTestSystem();
  shop = await openTestShop(system);
  const url = new URL(inject('databaseUrl'));
  url.pathname = new URL(system.databaseUrls.inventory).pathname;
  inventory = postgres(url.href, { max: 1, onnotice: () => undefined });
});

afterAll(async () => {
  await inventory?.end();
  await shop?.close();
  await system?.stop();
});

test('a poison event goes to the dead letters with its cause while the rest flow on, and a replay puts it through', async () => {
  await shop.stock('GOOD', 10);
  await shop.stock('BAD', 10);
  await inventory.unsafe(`
    create function refuse_bad() returns trigger language plpgsql as $$
      begin raise exception 'the shelf of % is broken', new.sku; end $$;
    create trigger poison before insert on reservations
      for each row when (new.sku = 'BAD') execute function refuse_bad()`);

  const poisoned = await shop.place('BAD');
  const others = await Promise.all([shop.place('GOOD'), shop.place('GOOD'), shop.place('GOOD')]);
  for (const id of others) await expect.poll(() => shop.status(id), patience).toBe('CONFIRMED');
  expect(await shop.status(poisoned)).toBe('PLACED');

  await expect.poll(() => deadLetters('list'), patience).toContain('the shelf of BAD is broken');
  const listed = await deadLetters('list', '--consumer', 'inventory');
  expect(listed).toMatch(/evt_\w+ +order\.placed +inventory/);
  expect(await deadLetters('list', '--consumer', 'payment')).toContain('There are no dead letters');

  // Replayed too early it is refused again, and listed again under the same event.
  await deadLetters('replay');
  await expect.poll(() => deadLetters('list'), patience).toContain('the shelf of BAD is broken');
  expect(eventsIn(await deadLetters('list'))).toEqual(eventsIn(listed));

  await inventory`drop trigger poison on reservations`;
  expect(await deadLetters('replay', '--consumer', 'inventory')).toContain(
    '1 dead letters of 1 events',
  );
  await expect.poll(() => shop.status(poisoned), patience).toBe('CONFIRMED');
  expect(await deadLetters('list')).toContain('There are no dead letters');
});

test('a call that makes no sense is answered with the usage and exit code 2', async () => {
  await expect(deadLetters('burn')).rejects.toMatchObject({ code: 2 });
  await expect(deadLetters('list', '--consumer', 'nobody')).rejects.toMatchObject({ code: 2 });
});

const patience = { timeout: 20_000, interval: 250 };

function eventsIn(listed: string): string[] {
  return listed.match(/evt_\w+/g) ?? [];
}

async function deadLetters(...args: string[]): Promise<string> {
  const script = fileURLToPath(new URL('./dead-letters.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], {
    env: {
      ...process.env,
      DATA_DIR: system.dataDir,
      DATABASE_URL: inject('databaseUrl'),
      NATS_URL: inject('natsUrl'),
      NATS_PREFIX: system.prefix,
    },
  });
  return stdout;
}
