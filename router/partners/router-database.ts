/** What a router has in a database of its own: partners with what they publish, and what is used. */
import { openDatabase } from '@ordergraph/platform/database.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { migrateDatabase } from '@ordergraph/platform/migrate.ts';
import { usageStore, type UsageRow } from '../store/usage.ts';
import { openDirectory, type Directory } from './directory.ts';
import { createPublishedOperations, type PublishedOperations } from './published-operations.ts';

export type RouterDatabase = {
  readonly directory: Directory;
  readonly operations: PublishedOperations;
  readonly addUsage: (rows: readonly UsageRow[]) => Promise<void>;
  close(): Promise<void>;
};

const migrations = new URL('../store/migrations/', import.meta.url);
const poolMax = 4;
const closeTimeoutS = 2;

/** Brings the tables up to date and reads the partners. @throws Error if the database cannot be reached */
export async function openRouterDatabase(url: string, logger: Logger): Promise<RouterDatabase> {
  await migrateDatabase(url, migrations);
  const sql = openDatabase(url, { poolMax, name: 'router' });
  try {
    const directory = await openDirectory(sql, { logger });
    return {
      directory,
      operations: createPublishedOperations(sql),
      addUsage: usageStore(sql),
      async close() {
        await directory.close();
        await sql.end({ timeout: closeTimeoutS });
      },
    };
  } catch (error) {
    await sql.end({ timeout: closeTimeoutS });
    throw error;
  }
}
