/** The notification service: hears of orders, tells their customers. */
import { readFile } from 'node:fs/promises';
import { openDatabase } from '@ordergraph/platform/database.ts';
import { startConsumer } from '@ordergraph/platform/inbox.ts';
import { openEventBus } from '@ordergraph/platform/jetstream.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { migrateDatabase } from '@ordergraph/platform/migrate.ts';
import type { RunningService, ServiceDefinition } from '@ordergraph/platform/service.ts';
import { startSubgraphServer } from '@ordergraph/platform/subgraph-server.ts';
import { createMetrics } from '@ordergraph/platform/telemetry.ts';
import { notificationConfiguration, type NotificationConfig } from './config.ts';
import { createContext } from './graphql/context.ts';
import { resolvers } from './graphql/resolvers.ts';
import { consumedEvents, handleOrderEvents } from './messaging/consumers.ts';
import { createSendingMetrics } from './metrics.ts';
import { startSender } from './sending.ts';
import { openMailServer } from './smtp.ts';

const name = 'notification';
const sdlFile = new URL('../../schema/notification.graphql', import.meta.url);
const migrations = new URL('./store/migrations/', import.meta.url);

export const notificationService: ServiceDefinition<typeof notificationConfiguration> = {
  name,
  configuration: notificationConfiguration,
  start,
};

async function start(config: NotificationConfig, logger: Logger): Promise<RunningService> {
  await migrateDatabase(config.DATABASE_URL, migrations);
  const metrics = createMetrics(name);
  const sql = openDatabase(config.DATABASE_URL, { poolMax: config.DATABASE_POOL_MAX, name });
  const bus = await openEventBus(config.NATS_URL, config.NATS_PREFIX, name);
  const mailServer = openMailServer(config.SMTP_URL, config.SMTP_CONNECTIONS);
  const sender = startSender({
    sql,
    mailServer,
    from: config.SMTP_FROM,
    connections: config.SMTP_CONNECTIONS,
    policy: {
      triesMax: config.SMTP_TRIES_MAX,
      pauseFirstMs: config.SMTP_PAUSE_FIRST_MS,
      pauseMaxMs: config.SMTP_PAUSE_MAX_MS,
    },
    random: Math.random,
    logger,
    metrics: createSendingMetrics(metrics),
  });
  const consumer = startConsumer({
    sql,
    bus,
    logger,
    metrics,
    consumer: name,
    owner: 'order',
    events: consumedEvents,
    handle: handleOrderEvents,
    afterCommit: () => sender.wake(),
  });
  const server = await startSubgraphServer({
    name,
    sdl: await readFile(sdlFile, 'utf8'),
    resolvers,
    context: (request) => createContext(sql, request),
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
      await sender.stop();
      mailServer.close();
      await bus.close();
      await sql.end({ timeout: 5 });
    },
  };
}
