/**
 * Brings a database to the schema that this code expects. Instances that start together take turns under an advisory
 * lock; drizzle's own migrator takes none, and would skip a migration that is older than the newest applied.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { z } from 'zod';

const journalSchema = z.object({
  entries: z.array(z.object({ tag: z.string(), when: z.number() })),
});

/** The lock's key; any number will do as long as everybody uses the same. */
const migrationLock = 7_203_411;

/**
 * Applies the migrations of a folder made by drizzle-kit.
 * @throws Error if the journal is not in order of time, or a migration fails.
 */
export async function migrateDatabase(url: string, folder: URL): Promise<void> {
  await checkJournal(folder);
  // One connection of its own: the session holds the lock, and drizzle changes the parsers of the client it is given.
  const connection = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 5 });
  try {
    await connection`select pg_advisory_lock(${migrationLock})`;
    await migrate(drizzle(connection), { migrationsFolder: fileURLToPath(folder) });
  } finally {
    await connection.end({ timeout: 5 });
  }
}

async function checkJournal(folder: URL): Promise<void> {
  const text = await readFile(new URL('meta/_journal.json', folder), 'utf8');
  const { entries } = journalSchema.parse(JSON.parse(text));
  const late = entries.find((entry, i) => entry.when <= (entries[i - 1]?.when ?? 0));
  if (late)
    throw new Error(`Migration ${late.tag} is older than the one before it and would be skipped`);
}
