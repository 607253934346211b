/** The command as it is called, on a whole system. */
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '@ordergraph/tests/environment.ts';
import { openTestShop } from '../testing/shop.ts';
import { planFile } from './read-file.ts';
import { stockUp } from './stocking.ts';

const script = fileURLToPath(new URL('./replay.ts', import.meta.url));
const sample = fileURLToPath(new URL('../../data/online-retail-sample.csv', import.meta.url));
let system: TestSystem;
let orders: postgres.Sql;

beforeAll(async () => {
  system = await startTestSystem();
  orders = postgres(system.databaseUrls.order, { max: 1 });
});
afterAll(async () => {
  await orders?.end();
  await system?.stop();
});

test('a file ends with every order confirmed and its revenue equal to the penny; again, with every order replayed', async () => {
  const first = await replay(sample, '--limit', '20');
  expect(first).toMatch(/confirmed +20 /);
  expect(first).toMatch(/replayed: placed by an earlier run +0/);
  expect(first).toContain('No difference');
  const again = await replay(sample, '--limit', '20');
  expect(again).toMatch(/confirmed +20 /);
  expect(again).toMatch(/replayed: placed by an earlier run +20/);
  expect(again).toContain('No difference');
});

test('a replay that was killed goes on where it was', async () => {
  const killed = spawn(process.execPath, [script, sample, '--speed', '10'], { env: environment() });
  await expect.poll(() => ordersPlaced(), { timeout: 30_000, interval: 100 }).toBeGreaterThan(30);
  killed.kill('SIGKILL');
  const output = await replay(sample);
  const [, replayed = '0'] = /replayed: placed by an earlier run +(\d+)/.exec(output) ?? [];
  expect(Number(replayed)).toBeGreaterThan(5);
  expect(Number(replayed)).toBeLessThan(65);
  expect(output).toMatch(/confirmed +65 +656/);
});

test('a run with a name of its own places the same orders again', async () => {
  const output = await replay(sample, '--limit', '2', '--run', 'second', '--concurrency', '1');
  expect(output).toMatch(/confirmed +2 /);
  expect(output).toMatch(/replayed: placed by an earlier run +0/);
});

test('an order that is rejected is a difference: exit code 1', async () => {
  const shop = await openTestShop(system, 'replay');
  const plan = await planFile(sample, 2);
  await stockUp(shop.api, { plan, run: 'robbed', progress: () => undefined });
  const [missing] = plan.products;
  if (missing) await shop.stock(missing.sku, -missing.quantity);
  await shop.close();
  const failure = await failedReplay(sample, '--limit', '2', '--run', 'robbed');
  expect(failure.code).toBe(1);
  expect(failure.stdout).toMatch(/rejected +1 /);
  expect(failure.stdout).toMatch(/invoice \d+ \(ord_\w+\) is REJECTED/);
});

test('a name of a run that stands for other orders is refused, and nothing is placed', async () => {
  const before = await ordersPlaced();
  const failure = await failedReplay(sample, '--run', 'second');
  expect(failure.code).toBe(1);
  expect(failure.stderr).toContain('IDEMPOTENCY_KEY_REUSED');
  expect(await ordersPlaced()).toBe(before);
});

test('a server that does not answer is waited for, said so, and given up: exit code 1', async () => {
  const nowhere = ['--url', 'http://127.0.0.1:9/graphql', '--patience', '1'];
  const failure = await failedReplay(sample, ...nowhere);
  expect(failure.code).toBe(1);
  expect(failure.stdout).toContain('The server does not answer (ECONNREFUSED)');
  expect(failure.stderr).toContain('Run the same command again to resume it.');
});

test.each([[[]], [['a', 'b']], [['x.csv', '--limit', '-1']], [['x.csv', '--nonsense']]])(
  'a call that makes no sense gives exit code 2: %j',
  async (args) => {
    await expect(replay(...args)).rejects.toMatchObject({ code: 2 });
  },
);

type Failure = { code: unknown; stdout: string; stderr: string };

async function failedReplay(...args: string[]): Promise<Failure> {
  try {
    return { code: 0, stdout: await replay(...args), stderr: '' };
  } catch (error) {
    return error as Failure;
  }
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, DATA_DIR: system.dataDir, PORT: new URL(system.url).port };
}

async function replay(...args: string[]) {
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], {
    env: environment(),
  });
  return stdout;
}

async function ordersPlaced(): Promise<number> {
  const [row] = await orders<{ count: number }[]>`select count(*)::int as count from orders`;
  return row?.count ?? 0;
}
