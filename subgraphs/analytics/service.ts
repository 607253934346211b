/** The analytics service: keeps every order event, and reports sales. */
import { readFile } from 'node:fs/promises';
import { systemClock } from '@ordergraph/platform/clock.ts';
import { openDatabase } from '@ordergraph/platform/database.ts';
import { startConsumer } from '@ordergraph/platform/inbox.ts';
import { openEventBus } from '@ordergraph/platform/jetstream.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { migrateDatabase } from '@ordergraph/platform/migrate.ts';
import type { RunningService, ServiceDefinition } from '@ordergraph/platform/service.ts';
import { startSubgraphServer } from '@ordergraph/platform/subgraph-server.ts';
import { createMetrics } from '@ordergraph/platform/telemetry.ts';
import { analyticsConfiguration, type AnalyticsConfig } from './config.ts';
import { resolvers } from './graphql/resolvers.ts';
import { consumedEvents, handleOrderEvents } from './messaging/consumers.ts';

const name = 'analytics';
const sdlFile = new URL('../../schema/analytics.graphql', import.meta.url);
const migrations = new URL('./store/migrations/', import.meta.url);

export const analyticsService: ServiceDefinition<typeof analyticsConfiguration> = {
  name,
  configuration: analyticsConfiguration,
  start,
};

async function start(config: AnalyticsConfig, logger: Logger): Promise<RunningService> {
  await migrateDatabase(config.DATABASE_URL, migrations);
  const metrics = createMetrics(name);
  const sql = openDatabase(config.DATABASE_URL, { poolMax: config.DATABASE_POOL_MAX, name });
  const bus = await openEventBus(config.NATS_URL, config.NATS_PREFIX, name);
  const consumer = startConsumer({
    sql,
    bus,
    logger,
    metrics,
    consumer: name,
    owner: 'order',
    events: consumedEvents,
    handle: handleOrderEvents,
  });
  const server = await startSubgraphServer({
    name,
    sdl: await readFile(sdlFile, 'utf8'),
    resolvers,
    context: ({ identity }) => ({ sql, clock: systemClock, identity }),
    host: config.HOST,
    port: config.PORT,
    secret: config.INTERNAL_SECRET,
    logger,
    metrics,
    ready: () => Promise.all([sql`select 1`, bus.connection.rtt()]),
  });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await consumer.stop();
      await bus.close();
      await sql.end({ timeout: 5 });
    },
  };
}
