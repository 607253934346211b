/** The inventory service: catalogue, stock, and what is set aside for orders. */
import { readFile } from 'node:fs/promises';
import { systemClock } from '@ordergraph/platform/clock.ts';
import { startConsumer } from '@ordergraph/platform/inbox.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { startRelay } from '@ordergraph/platform/relay.ts';
import type { RunningService, ServiceDefinition } from '@ordergraph/platform/service.ts';
import {
  openServiceConnections,
  runningOn,
  stopping,
} from '@ordergraph/platform/service-connections.ts';
import { startSubgraphServer } from '@ordergraph/platform/subgraph-server.ts';
import { createInventory } from './commands.ts';
import { inventoryConfiguration, type InventoryConfig } from './config.ts';
import { loadDemoCatalogue } from './demo-catalogue.ts';
import { createContext } from './graphql/context.ts';
import { resolvers } from './graphql/resolvers.ts';
import { handleOrderEvents, orderEventsHeard } from './messaging/consumers.ts';
import { publish } from './messaging/publish.ts';

const sdlFile = new URL('../../schema/inventory.graphql', import.meta.url);
const migrations = new URL('store/migrations/', import.meta.url);

export const inventoryService: ServiceDefinition<typeof inventoryConfiguration> = {
  name: 'inventory',
  configuration: inventoryConfiguration,
  start,
};

async function start(config: InventoryConfig, logger: Logger): Promise<RunningService> {
  await using parts = new AsyncDisposableStack();
  const { sql, bus, metrics, ready } = await openServiceConnections(parts, 'inventory', {
    config,
    migrations,
  });
  const relay = stopping(parts, startRelay({ sql, bus, owner: 'inventory', logger, metrics }));
  const inventory = createInventory({
    sql,
    clock: systemClock,
    holdDurationMs: config.HOLD_DURATION_MS,
    publish,
    published: () => relay.wake(),
  });
  if (config.DEMO_CATALOGUE) await loadDemoCatalogue(inventory);
  stopping(
    parts,
    startConsumer({
      sql,
      bus,
      logger,
      metrics,
      consumer: 'inventory',
      owner: 'order',
      events: orderEventsHeard,
      handle: (tx, events) => handleOrderEvents(inventory, tx, events),
      afterCommit: () => relay.wake(),
    }),
  );
  const server = stopping(
    parts,
    await startSubgraphServer({
      name: 'inventory',
      sdl: await readFile(sdlFile, 'utf8'),
      resolvers,
      context: createContext(sql, inventory),
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
