/** The order service: takes orders, leads them through their life, and shows them live. */
import { readFile } from 'node:fs/promises';
import { systemClock } from '@ordergraph/platform/clock.ts';
import { openDatabase } from '@ordergraph/platform/database.ts';
import { GroupCommit } from '@ordergraph/platform/group-commit.ts';
import { startConsumer } from '@ordergraph/platform/inbox.ts';
import { openEventBus } from '@ordergraph/platform/jetstream.ts';
import { openLiveUpdates } from '@ordergraph/platform/live-updates.ts';
import { migrateDatabase } from '@ordergraph/platform/migrate.ts';
import { startRelay } from '@ordergraph/platform/relay.ts';
import type { ServiceDefinition } from '@ordergraph/platform/service.ts';
import { startSubgraphServer } from '@ordergraph/platform/subgraph-server.ts';
import { createMetrics } from '@ordergraph/platform/telemetry.ts';
import { cancelOrder } from './commands/cancel-order.ts';
import {
  placeOrders,
  type PlacementRequest,
  type PlacementResult,
} from './commands/place-orders.ts';
import { orderConfiguration } from './config.ts';
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

const placementBatchMax = 100;
/** Two batches under way keep the database busy while one waits for its commit; more only makes them smaller. */
const placementConcurrency = 2;

export const orderService: ServiceDefinition<typeof orderConfiguration> = {
  name: 'order',
  configuration: orderConfiguration,
  async start(config, logger) {
    await migrateDatabase(config.DATABASE_URL, new URL('./store/migrations/', import.meta.url));
    const sql = openDatabase(config.DATABASE_URL, {
      poolMax: config.DATABASE_POOL_MAX,
      name: 'order',
    });
    const bus = await openEventBus(config.NATS_URL, config.NATS_PREFIX, 'order');
    const metrics = createMetrics('order');
    const policy = {
      placementTimeoutMs: config.PLACEMENT_TIMEOUT_MS,
      cancellationTimeoutMs: config.CANCELLATION_TIMEOUT_MS,
    };
    const now = (): Date => systemClock.now();

    const updates = openLiveUpdates(
      config.REDIS_URL,
      `${config.NATS_PREFIX}:order-changes`,
      logger,
    );
    const feed = await startFeed({ sql, updates, logger });
    const relay = startRelay({ sql, bus, owner: 'order', logger, metrics });
    const committed = (changes: readonly OrderChange[]): void => {
      relay.wake();
      if (changes.length > 0) updates.publish(changes);
    };

    const consuming = { sql, bus, logger, metrics, consumer: 'order' };
    const consumers = [
      startConsumer({
        ...consuming,
        owner: 'inventory',
        events: inventoryEventsWanted,
        handle: (tx, events) => handleInventoryEvents(tx, events, { now: now(), policy }),
        afterCommit: committed,
      }),
      startConsumer({
        ...consuming,
        owner: 'payment',
        events: paymentEventsWanted,
        handle: (tx, events) => handlePaymentEvents(tx, events, { now: now(), policy }),
        afterCommit: committed,
      }),
    ];
    const processManager = startProcessManager({
      sql,
      logger,
      policy,
      now,
      afterCommit: committed,
    });

    const placements = new GroupCommit<PlacementRequest, PlacementResult>({
      run: async (requests) => {
        const results = await placeOrders(sql, requests, { now, policy });
        committed(results.flatMap((result) => (result.kind === 'placed' ? [result.change] : [])));
        return results;
      },
      batchMax: placementBatchMax,
      concurrency: placementConcurrency,
    });
    const commands = {
      placeOrder: (request: PlacementRequest) => placements.submit(request),
      cancelOrder: async (request: Parameters<typeof cancelOrder>[1]) => {
        const result = await cancelOrder(sql, request, { now: now(), policy });
        if (result.kind === 'done') committed(result.changes);
        return result;
      },
    };
    const orders = createOrderReader(sql);
    const server = await startSubgraphServer({
      name: 'order',
      sdl: await readFile(new URL('../../schema/order.graphql', import.meta.url), 'utf8'),
      resolvers,
      context: (request) => ({ ...request, sql, commands, feed, loaders: createLoaders(sql, orders) }),
      host: config.HOST,
      port: config.PORT,
      secret: config.INTERNAL_SECRET,
      logger,
      metrics,
      ready: async () => {
        await sql`select 1`;
        await bus.connection.flush();
      },
    });
    return {
      url: server.url,
      async stop() {
        await server.stop();
        await processManager.stop();
        await Promise.all(consumers.map((consumer) => consumer.stop()));
        await relay.stop();
        await feed.stop();
        updates.close();
        await bus.close();
        await sql.end({ timeout: 5 });
      },
    };
  },
};
