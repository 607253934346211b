import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { subgraphs } from '@ordergraph/schema/subgraphs.ts';
import postgres from 'postgres';
import { afterEach, expect, inject, test } from 'vitest';

const run = promisify(execFile);
const services = [...subgraphs.map(({ name }) => name), 'router'];
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  const admin = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
  for (const name of services) {
    const database = databaseOf(name);
    await admin.unsafe(`drop database if exists "${database}" with (force)`);
    await admin.unsafe(`drop role if exists "${database}"`);
  }
  await admin.end();
});

/** As docker-compose.yml says; no other test uses these names. */
function databaseOf(service: string): string {
  return `ordergraph_${service}`;
}

async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ordergraph-compose-'));
  folders.push(folder);
  return folder;
}

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function script(name: string, environment: Record<string, string>): Promise<Ended> {
  const file = fileURLToPath(new URL(`./${name}`, import.meta.url));
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  return run(process.execPath, [file], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Ended) => error,
  );
}

/** What the .env of a data folder says. */
async function composeEnvironment(folder: string): Promise<Record<string, string>> {
  const { stdout } = await script('compose-env.ts', { DATA_DIR: folder });
  const lines = stdout.trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

test('each service connects to a database of its own with the password in .env, also when provisioned twice', async () => {
  const variables = await composeEnvironment(await dataFolder());
  const environment = {
    DATABASE_URL: inject('databaseUrl'),
    INTERNAL_SECRET: variables['INTERNAL_SECRET'] ?? '',
  };
  for (let time = 1; time <= 2; time += 1) {
    expect(await script('provision.ts', environment)).toMatchObject({ code: 0, stderr: '' });
  }
  for (const name of services) {
    const url = new URL(inject('databaseUrl'));
    url.username = databaseOf(name);
    url.password = variables[`${name.toUpperCase()}_DATABASE_PASSWORD`] ?? '';
    url.pathname = databaseOf(name);
    const sql = postgres(url.href, { max: 1 });
    const [row] = await sql<{ owner: string }[]>`
      select pg_get_userbyid(datdba) as owner from pg_database where datname = current_database()`;
    await sql.end();
    expect(row?.owner).toBe(databaseOf(name));
  }
});

test('the same data folder gives the same .env, another one shares no value with it', async () => {
  const [one, other] = [await dataFolder(), await dataFolder()];
  const first = await composeEnvironment(one);
  expect(await composeEnvironment(one)).toEqual(first);
  const values = Object.values(first);
  expect(new Set(values).size).toBe(values.length);
  expect(values.every((value) => /^[\w-]{24,}$/.test(value))).toBe(true);
  const others = new Set(Object.values(await composeEnvironment(other)));
  expect(values.filter((value) => others.has(value))).toEqual([]);
});

test('without its secret, provisioning ends with 2 and says where the secret comes from', async () => {
  const { code, stderr } = await script('provision.ts', { DATABASE_URL: inject('databaseUrl') });
  expect(code).toBe(2);
  expect(stderr).toContain('INTERNAL_SECRET: is missing');
  expect(stderr).toContain('compose-env.ts');
});

test("provisioning with a wrong administrator's password ends with 1 and tells why it may be wrong", async () => {
  const url = new URL(inject('databaseUrl'));
  url.password = 'another';
  const { code, stderr } = await script('provision.ts', {
    DATABASE_URL: url.href,
    INTERNAL_SECRET: 'x'.repeat(32),
  });
  expect(code).toBe(1);
  expect(stderr).toContain('password that it was first started with');
});
