/**
 * What every service has open while it runs. A service gathers all it starts in one stack: should its start fail
 * half-way, or when it stops, everything is closed in the opposite order.
 */
import type { SubgraphConfig } from './config.ts';
import { openDatabase, type Database } from './database.ts';
import { openEventBus, type EventBus } from './jetstream.ts';
import { migrateDatabase } from './migrate.ts';
import type { RunningService } from './service.ts';
import { createMetrics, type Metrics } from './telemetry.ts';

export type ServiceConnections = {
  readonly sql: Database;
  readonly bus: EventBus;
  readonly metrics: Metrics;
  /** Rejects while the database does not answer. Without the event bus a service still serves: its outbox fills. */
  readonly ready: () => Promise<void>;
};

const closeTimeoutS = 5;

/** Migrates and opens the service's database, and connects to the event bus. */
export async function openServiceConnections(
  parts: AsyncDisposableStack,
  name: string,
  options: { readonly config: SubgraphConfig; readonly migrations: URL },
): Promise<ServiceConnections> {
  const { DATABASE_URL, DATABASE_POOL_MAX, NATS_URL, NATS_PREFIX } = options.config;
  await migrateDatabase(DATABASE_URL, options.migrations);
  const sql = parts.adopt(
    openDatabase(DATABASE_URL, { poolMax: DATABASE_POOL_MAX, name }),
    (pool) => pool.end({ timeout: closeTimeoutS }),
  );
  const bus = parts.adopt(await openEventBus(NATS_URL, NATS_PREFIX, name), (opened) =>
    opened.close(),
  );
  return {
    sql,
    bus,
    metrics: createMetrics(name),
    ready: async () => void (await sql`select 1`),
  };
}

/** Puts something that stops by `stop` on the stack. */
export function stopping<T extends { stop(): Promise<void> }>(
  parts: AsyncDisposableStack,
  part: T,
): T {
  return parts.adopt(part, (started) => started.stop());
}

/** The running service that owns the parts from now on. */
export function runningOn(parts: AsyncDisposableStack, url: string): RunningService {
  const owned = parts.move();
  return { url, stop: () => owned.disposeAsync() };
}
