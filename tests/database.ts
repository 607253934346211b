/** A database of its own for each test file: migrated once as a template, then cloned. */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { openDatabase, type Database } from '@ordergraph/platform/database.ts';
import { migrateDatabase } from '@ordergraph/platform/migrate.ts';
import postgres from 'postgres';
import { inject } from 'vitest';

export type TestDatabase = { readonly url: string; readonly sql: Database; drop(): Promise<void> };

/** The lock under which a template is made; files that need the same one wait for it. */
const templateLock = 7_203_413;

/** Clones a database with the migrations of a folder applied. Call `drop` when the file's tests are over. */
export async function testDatabase(migrations: URL): Promise<TestDatabase> {
  const server = inject('databaseUrl');
  const template = `template_${await digest(migrations)}`;
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = postgres(server, { max: 1, onnotice: () => undefined });
  try {
    await admin`select pg_advisory_lock(${templateLock})`;
    const existing = await admin`select from pg_database where datname = ${template}`;
    if (existing.length === 0) {
      await admin.unsafe(`create database ${template}_making`);
      await migrateDatabase(databaseUrl(server, `${template}_making`), migrations);
      await admin.unsafe(`alter database ${template}_making rename to ${template}`);
    }
    await admin.unsafe(`create database ${name} template ${template}`);
  } finally {
    await admin.end();
  }
  const url = databaseUrl(server, name);
  const sql = openDatabase(url, { poolMax: 8, name: 'test' });
  return {
    url,
    sql,
    async drop() {
      await sql.end({ timeout: 5 });
      const cleaner = postgres(server, { max: 1, onnotice: () => undefined });
      await cleaner.unsafe(`drop database if exists ${name} with (force)`);
      await cleaner.end();
    },
  };
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function digest(folder: URL): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await readdir(folder)).filter((entry) => entry.endsWith('.sql')).toSorted()) {
    hash.update(await readFile(new URL(file, folder)));
  }
  return hash.digest('hex').slice(0, 16);
}
