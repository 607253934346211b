import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase, type Database } from '@ordergraph/platform/database.ts';
import { migrateDatabase } from '@ordergraph/platform/migrate.ts';
import { isKeyOf } from '@ordergraph/router/partners/api-key.ts';
import { addUsage } from '@ordergraph/router/store/usage.ts';
import { operationDigest } from '@ordergraph/router/usage/operation-digest.ts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { provisionServiceDatabases, routerDatabaseUrl } from './service-databases.ts';

const installation = { prefix: `p${randomUUID().slice(0, 8)}`, secret: 's'.repeat(32) };
const example = fileURLToPath(new URL('../schema/partners/brightshelf.json', import.meta.url));
const script = fileURLToPath(new URL('./partner.ts', import.meta.url));

let folder: string;
let sql: Database;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ordergraph-partner-'));
  await provisionServiceDatabases(inject('databaseUrl'), installation);
  const url = routerDatabaseUrl(inject('databaseUrl'), installation);
  await migrateDatabase(url, new URL('../router/store/migrations/', import.meta.url));
  sql = openDatabase(url, { poolMax: 2, name: 'test' });
});
afterAll(async () => {
  await sql?.end();
  await rm(folder, { recursive: true });
});

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

function partner(...args: string[]): Promise<Ended> {
  return withVariables({}, args);
}

function withVariables(variables: Record<string, string>, args: string[]): Promise<Ended> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    DATA_DIR: folder,
    DATABASE_URL: inject('databaseUrl'),
    NATS_URL: inject('natsUrl'),
    NATS_PREFIX: installation.prefix,
    INTERNAL_SECRET: installation.secret,
    ...variables,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { env, cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await partner(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

async function isGood(key: string): Promise<boolean> {
  const rows = await sql<{ hash: string }[]>`
    select k.hash from api_keys k join partners p on p.id = k.partner_id
    where p.status = 'ACTIVE' and k.revoked_at is null and coalesce(k.ends_at, 'infinity') > now()`;
  return rows.some(({ hash }) => isKeyOf(key, hash));
}

async function file(name: string, content: unknown): Promise<string> {
  await writeFile(join(folder, name), JSON.stringify(content));
  return name;
}

test('a partner is added, rotated, revoked and restored, and its good key stands alone on the last line', async () => {
  const first = lastLine(await done('add', 'keys', '--scope', 'a:read', '--scope', 'b:read'));
  expect(await isGood(first)).toBe(true);
  const second = lastLine(await done('rotate', 'keys'));
  expect([await isGood(first), await isGood(second)]).toEqual([true, true]);
  const third = lastLine(await done('rotate', 'keys', '--overlap', '0'));
  expect([await isGood(second), await isGood(third)]).toEqual([false, true]);
  const listed = await done('list');
  expect(listed).toMatch(/keys +active +partner +a:read b:read +none +[0-9a-f]{12}\n/);
  for (const key of [first, second, third]) expect(listed).not.toContain(key.slice(-20));
  const fourth = lastLine(await done('rotate', 'keys', '--overlap', '1h'));
  await done('revoke', 'keys', '--key', third);
  expect([await isGood(third), await isGood(fourth)]).toEqual([false, true]);
  await done('revoke', 'keys');
  expect(await isGood(fourth)).toBe(false);
  expect(await partner('rotate', 'keys')).toMatchObject({ code: 1, stderr: 'keys is revoked.\n' });
  expect(await isGood(lastLine(await done('restore', 'keys')))).toBe(true);
});

test("the project's example is published on the project's API, and again without a change", async () => {
  await done('add', 'example');
  expect(await done('publish', 'example', example)).toContain('version 1 with 5 operations');
  expect(await done('publish', 'example', example)).toContain('already');
  expect(await done('check')).toContain('all 5 operations');
});

test('versions are published, listed and rolled back', async () => {
  await done('add', 'versions');
  await done(
    'publish',
    'versions',
    await file('one.json', { a: 'query A { products { edges { cursor } } }' }),
  );
  const second = await done(
    'publish',
    'versions',
    await file('two.json', { b: 'query B { orders { edges { cursor } } }' }),
  );
  expect(second).toContain('No longer served: A.');
  expect(await done('manifests', 'versions')).toMatch(/^2 .*served\n1 .*\d\d:\d\d$/m);
  expect(await done('rollback', 'versions')).toContain('version 1 again, in place of 2');
  expect(await done('rollback', 'versions', '--to', '2')).toContain('version 2 again');
  expect(await partner('rollback', 'versions', '--to', '9')).toMatchObject({
    code: 1,
    stderr: 'versions has no version 9.\n',
  });
});

test('a manifest with faults is not published, and each is told with operation and field', async () => {
  await done('add', 'faulty');
  const manifest = await file('faulty.json', {
    a: 'query A { products { edges { weight } } }',
    b: 'query B { nothing }',
    c: 'query C { products { edges { cursor } } }',
  });
  const { code, stderr, stdout } = await partner('publish', 'faulty', manifest);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('partner faulty, operation A, ProductEdge.weight: ');
  expect(stderr).toContain('partner faulty, operation B, Query.nothing: ');
  expect(stderr).not.toContain('operation C');
  expect(await done('manifests', 'faulty')).toContain('published nothing');
});

test('a supergraph that breaks published operations fails the check, which names partner, operation and field', async () => {
  const supergraph = await readFile(
    new URL('../schema/supergraph.graphql', import.meta.url),
    'utf8',
  );
  await done('add', 'broken');
  await done(
    'publish',
    'broken',
    await file('broken.json', { s: 'query S { orders { edges { node { statusReason } } } }' }),
  );
  const changed = join(folder, 'changed.graphql');
  await writeFile(changed, supergraph.replace('statusReason: String', 'reason: String'));
  const ended = await withVariables({ SUPERGRAPH_FILE: changed }, ['check']);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('partner broken, operation S, Order.statusReason: ');
});

test('what the router would refuse for its limits is not published', async () => {
  await done('add', 'deep');
  const manifest = await file('deep.json', { a: 'query A { products { edges { cursor } } }' });
  const limits = { OPERATION_LIMITS: '{"depthMax":2}' };
  const { code, stderr } = await withVariables(limits, ['publish', 'deep', manifest]);
  expect(code).toBe(1);
  expect(stderr).toContain('partner deep, operation a: The operation is too complex.');
  const unclear = await withVariables({ OPERATION_LIMITS: '7' }, ['publish', 'deep', manifest]);
  expect(unclear.code).toBe(2);
  expect(unclear.stderr).toContain('OPERATION_LIMITS');
  expect(await done('publish', 'deep', manifest)).toContain('version 1');
});

test('usage tells what was run, what was not, and who uses a field', async () => {
  await done('add', 'user');
  const texts = {
    a: 'query A { products { edges { cursor } } }',
    b: 'query B { orders { edges { cursor } } }',
  };
  await done('publish', 'user', await file('used.json', texts));
  await addUsage(sql, [
    {
      day: new Date().toISOString().slice(0, 10),
      partner: 'user',
      client: 'ios',
      digest: operationDigest('A', texts.a),
      name: 'A',
      type: 'query',
      fields: ['ProductEdge.cursor', 'Query.products'],
      requests: 42,
    },
  ]);
  const report = await done('usage', 'user');
  expect(report).toMatch(/^A +query +42 /m);
  expect(report).toMatch(/^B +query +0 +never/m);
  expect(report).toMatch(/^ProductEdge.cursor +42 +A$/m);
  expect(await done('usage', '--field', 'Query.products')).toMatch(/^A +user +ios +42 /m);
  expect(await done('usage', '--field', 'Query.orders')).toContain('Nobody used');
});

test('a call that makes no sense is answered with the reason, the usage and 2', async () => {
  const { code, stderr, stdout } = await partner('burn', 'x');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('There is no command burn.\n\nnpm run -s partner');
});

test('what cannot be done is answered with the reason and 1', async () => {
  await done('add', 'taken');
  const refusals = [
    [['publish', 'nobody', example], 'There is no partner nobody.'],
    [['publish', 'taken', 'absent.json'], 'absent.json cannot be read.'],
    [['add', 'taken'], 'There is a partner taken already.'],
  ] as const;
  for (const [args, reason] of refusals) {
    const ended = await partner(...args);
    expect(ended).toEqual({ code: 1, stdout: '', stderr: `${reason}\n` });
  }
});

test('the help tells every command', async () => {
  const help = await done('--help');
  for (const command of [
    'add',
    'list',
    'rotate',
    'revoke',
    'restore',
    'publish',
    'rollback',
    'manifests',
    'usage',
    'check',
  ]) {
    expect(help).toMatch(new RegExp(`^  ${command} `, 'm'));
  }
});
