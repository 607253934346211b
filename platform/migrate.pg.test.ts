import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { migrateDatabase } from './migrate.ts';
import { provisionDatabase } from './provision.ts';
import { migrations } from './test/messaging.ts';

const secret = 'the secret of an installation, long';
const names: string[] = [];
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ordergraph migrations-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
  const admin = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
  for (const name of names) {
    await admin.unsafe(`drop database if exists "${name}" with (force)`);
    await admin.unsafe(`drop role if exists "${name}"`);
  }
  await admin.end();
});

function freshName(): string {
  const name = `svc_${randomUUID().replaceAll('-', '')}`;
  names.push(name);
  return name;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 5 });
  try {
    return [...(await sql.unsafe(text))];
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** A copy of the migrations, in a folder whose name has a space, with another journal. */
async function folder(
  change: (entries: object[]) => object[] = (entries) => entries,
): Promise<URL> {
  const path = join(directory, randomUUID());
  await cp(migrations, pathToFileURL(path), { recursive: true });
  const file = join(path, 'meta', '_journal.json');
  const journal = JSON.parse(await readFile(file, 'utf8')) as { entries: object[] };
  await writeFile(file, JSON.stringify({ ...journal, entries: change(journal.entries) }));
  return pathToFileURL(`${path}/`);
}

test('a service gets a database and a role of its own, however often and by however many it is asked', async () => {
  const database = freshName();
  const provide = (): Promise<string> =>
    provisionDatabase(inject('databaseUrl'), { database, secret });
  const urls = await Promise.all([provide(), provide(), provide()]);
  urls.push(await provide());
  expect(new Set(urls).size).toBe(1);
  expect(await query(urls[0] ?? '', 'select current_user as u, current_database() as d')).toEqual([
    { u: database, d: database },
  ]);
});

test('a service cannot open the database of another, and a name is taken as a name', async () => {
  const [a, b] = [freshName(), freshName()];
  const url = new URL(await provisionDatabase(inject('databaseUrl'), { database: a, secret }));
  await provisionDatabase(inject('databaseUrl'), { database: b, secret });
  url.pathname = `/${b}`;
  await expect(query(url.href, 'select 1')).rejects.toMatchObject({ code: '42501' });
  for (const bad of ['', 'A', '1a', 'a"b', 'a;drop', 'a'.repeat(64)]) {
    const asked = { database: bad, secret };
    await expect(provisionDatabase(inject('databaseUrl'), asked)).rejects.toThrow('malformed');
    const template = { database: freshName(), secret, template: bad };
    await expect(provisionDatabase(inject('databaseUrl'), template)).rejects.toThrow('malformed');
  }
});

test('a service may be called by a word of SQL', async () => {
  names.push('order');
  const url = await provisionDatabase(inject('databaseUrl'), { database: 'order', secret });
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('instances that start together migrate once, and again changes nothing', async () => {
  const url = await provisionDatabase(inject('databaseUrl'), { database: freshName(), secret });
  const at = await folder();
  await Promise.all([1, 2, 3].map(() => migrateDatabase(url, at)));
  await migrateDatabase(url, at);
  expect(await query(url, 'select id from drizzle.__drizzle_migrations')).toHaveLength(1);
  expect(await query(url, 'select * from outbox')).toEqual([]);
});

test('a migration older than the one before it is refused by its name, before anything is changed', async () => {
  const url = await provisionDatabase(inject('databaseUrl'), { database: freshName(), secret });
  const late = await folder((entries) => [
    ...entries,
    { ...entries[0], idx: 1, when: 1, tag: '0001_late' },
  ]);
  await expect(migrateDatabase(url, late)).rejects.toThrow('0001_late is older');
  expect(await query(url, `select from pg_tables where tablename = 'outbox'`)).toEqual([]);
});

test('a migration that fails leaves nothing of itself', async () => {
  const url = await provisionDatabase(inject('databaseUrl'), { database: freshName(), secret });
  const broken = await folder((entries) => [
    ...entries,
    { ...entries[0], idx: 1, when: 9_999_999_999_999, tag: '0001_broken' },
  ]);
  await writeFile(
    new URL('0001_broken.sql', broken),
    'create table half (n int);\n--> statement-breakpoint\nselect 1/0;',
  );
  await expect(migrateDatabase(url, broken)).rejects.toThrow('select 1/0');
  expect(await query(url, `select from pg_tables where tablename in ('half', 'outbox')`)).toEqual(
    [],
  );
  await migrateDatabase(url, await folder());
});
