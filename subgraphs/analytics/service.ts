/** The analytics service: keeps every order event, and reports sales. */
import { readFile } from 'node:fs/promises';
import { systemClock } from '@ordergraph/platform/clock.ts';
import { startConsumer } from '@ordergraph/platform/inbox.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import type { RunningService, ServiceDefinition } from '@ordergraph/platform/service.ts';
import {
  openServiceConnections,
  runningOn,
  stopping,
} from '@ordergraph/platform/service-connections.ts';
import { startSubgraphServer } from '@ordergraph/platform/subgraph-server.ts';
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
  await using parts = new AsyncDisposableStack();
  const { sql, bus, metrics, ready } = await openServiceConnections(parts, name, {
    config,
    migrations,
  });
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
    }),
  );
  const server = stopping(
    parts,
    await startSubgraphServer({
      name,
      sdl: await readFile(sdlFile, 'utf8'),
      resolvers,
      context: ({ identity }) => ({ sql, clock: systemClock, identity }),
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
