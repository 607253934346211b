/** A database of its own beside the system's, with a service's tables, for measuring a part without the rest. */
import { openDatabase, type Database } from '@ordergraph/platform/database.ts';
import { migrateDatabase } from '@ordergraph/platform/migrate.ts';
import type { SystemAddress } from './system.ts';

export type ScratchDatabase = { readonly sql: Database; readonly close: () => Promise<void> };

/** The server drops it with everything else when the system stops. */
export async function scratchDatabase(
  system: SystemAddress,
  options: { name: string; migrations: URL; poolMax: number },
): Promise<ScratchDatabase> {
  const admin = openDatabase(system.databaseUrl, { poolMax: 1, name: 'bench' });
  await admin.unsafe(`create database ${options.name}`);
  await admin.end();
  const url = new URL(system.databaseUrl);
  url.pathname = `/${options.name}`;
  await migrateDatabase(url.href, options.migrations);
  const sql = openDatabase(url.href, { poolMax: options.poolMax, name: 'bench' });
  return { sql, close: () => sql.end({ timeout: 5 }) };
}
