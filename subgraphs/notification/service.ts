/** The notification service: hears of orders, tells their customers. */
import { readFile } from 'node:fs/promises';
import { startConsumer } from '@ordergraph/platform/inbox.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import type { RunningService, ServiceDefinition } from '@ordergraph/platform/service.ts';
import {
  openServiceConnections,
  runningOn,
  stopping,
} from '@ordergraph/platform/service-connections.ts';
import { startSubgraphServer } from '@ordergraph/platform/subgraph-server.ts';
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
  await using parts = new AsyncDisposableStack();
  const { sql, bus, metrics, ready } = await openServiceConnections(parts, name, {
    config,
    migrations,
  });
  const mailServer = parts.adopt(
    openMailServer(config.SMTP_URL, config.SMTP_CONNECTIONS),
    (server) => server.close(),
  );
  const sender = stopping(
    parts,
    startSender({
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
    }),
  );
  stopping(
    parts,
    startConsumer({
      sql,
      bus,
      logger,
      metrics,
      consumer: name,
      owner: 'order',
      events: consumedEvents,
      handle: handleOrderEvents,
      afterCommit: () => sender.wake(),
    }),
  );
  const server = stopping(
    parts,
    await startSubgraphServer({
      name,
      sdl: await readFile(sdlFile, 'utf8'),
      resolvers,
      context: (request) => createContext(sql, request),
      host: config.HOST,
      port: config.PORT,
      secret: config.INTERNAL_SECRET,
      logger,
      metrics,
      ready,
    }),
  );
  return runningOn(parts, server.url);
}
