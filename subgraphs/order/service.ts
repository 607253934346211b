/** The order service: takes orders, leads them through their life, and shows them live. */
import { readFile } from 'node:fs/promises';
import { systemClock } from '@ordergraph/platform/clock.ts';
import { startConsumer } from '@ordergraph/platform/inbox.ts';
import { openLiveUpdates } from '@ordergraph/platform/live-updates.ts';
import { startRelay } from '@ordergraph/platform/relay.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import type { RunningService, ServiceDefinition } from '@ordergraph/platform/service.ts';
import {
  openServiceConnections,
  runningOn,
  stopping,
} from '@ordergraph/platform/service-connections.ts';
import { startSubgraphServer } from '@ordergraph/platform/subgraph-server.ts';
import { cancelOrder } from './commands/cancel-order.ts';
import type { PlacementRequest } from './commands/place-orders.ts';
import { placementQueue } from './commands/placement-queue.ts';
import { orderConfiguration, type OrderConfig } from './config.ts';
import type { OrderChange } from './domain/order.ts';
import { createLoaders, createOrderReader } from './graphql/loaders.ts';
import { resolvers } from './graphql/resolvers.ts';
import { startFeed } from './live/feed.ts';
import {
  handleInventoryEvents,
  handlePaymentEvents,
  inventoryEventsWanted,
  paymentEventsWanted,
} from './messaging/consumers.ts';
import { startProcessManager } from './process-manager.ts';

const migrations = new URL('./store/migrations/', import.meta.url);

export const orderService: ServiceDefinition<typeof orderConfiguration> = {
  name: 'order',
  configuration: orderConfiguration,
  start,
};

async function start(config: OrderConfig, logger: Logger): Promise<RunningService> {
  await using parts = new AsyncDisposableStack();
  const { sql, bus, metrics, ready } = await openServiceConnections(parts, 'order', {
    config,
    migrations,
  });
  const policy = {
    placementTimeoutMs: config.PLACEMENT_TIMEOUT_MS,
    cancellationTimeoutMs: config.CANCELLATION_TIMEOUT_MS,
  };
  const now = (): Date => systemClock.now();

  const updates = parts.adopt(
    openLiveUpdates(config.REDIS_URL, `${config.NATS_PREFIX}:order-changes`, logger),
    (opened) => opened.close(),
  );
  const feed = stopping(parts, await startFeed({ sql, updates, logger }));
  const relay = stopping(parts, startRelay({ sql, bus, owner: 'order', logger, metrics }));
  const committed = (changes: readonly OrderChange[]): void => {
    relay.wake();
    if (changes.length > 0) updates.publish(changes);
  };

  const consuming = { sql, bus, logger, metrics, consumer: 'order' };
  stopping(
    parts,
    startConsumer({
      ...consuming,
      owner: 'inventory',
      events: inventoryEventsWanted,
      handle: (tx, events) => handleInventoryEvents(tx, events, { now: now(), policy }),
      afterCommit: committed,
    }),
  );
  stopping(
    parts,
    startConsumer({
      ...consuming,
      owner: 'payment',
      events: paymentEventsWanted,
      handle: (tx, events) => handlePaymentEvents(tx, events, { now: now(), policy }),
      afterCommit: committed,
    }),
  );
  stopping(
    parts,
    startProcessManager({
      sql,
      logger,
      policy,
      now,
      afterCommit: committed,
    }),
  );

  const placements = placementQueue({ sql, now, policy, committed });
  const commands = {
    placeOrder: (request: PlacementRequest) => placements.submit(request),
    cancelOrder: async (request: Parameters<typeof cancelOrder>[1]) => {
      const result = await cancelOrder(sql, request, { now: now(), policy });
      if (result.kind === 'done') committed(result.changes);
      return result;
    },
  };
  const orders = createOrderReader(sql);
  const server = stopping(
    parts,
    await startSubgraphServer({
      name: 'order',
      sdl: await readFile(new URL('../../schema/order.graphql', import.meta.url), 'utf8'),
      resolvers,
      context: (request) => ({
        ...request,
        sql,
        commands,
        feed,
        loaders: createLoaders(sql, orders),
      }),
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
