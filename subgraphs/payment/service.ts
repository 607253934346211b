/** The payment service: takes the money of reserved orders, and gives it back when they end. */
import { readFile } from 'node:fs/promises';
import { systemClock } from '@ordergraph/platform/clock.ts';
import { openDatabase } from '@ordergraph/platform/database.ts';
import { startConsumer } from '@ordergraph/platform/inbox.ts';
import { openEventBus } from '@ordergraph/platform/jetstream.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { migrateDatabase } from '@ordergraph/platform/migrate.ts';
import { startRelay } from '@ordergraph/platform/relay.ts';
import type { RunningService, ServiceDefinition } from '@ordergraph/platform/service.ts';
import { startSubgraphServer } from '@ordergraph/platform/subgraph-server.ts';
import { createMetrics } from '@ordergraph/platform/telemetry.ts';
import { openSandboxChannel } from './channels/sandbox.ts';
import { createPayments } from './commands.ts';
import { paymentConfiguration, type PaymentConfig } from './config.ts';
import type { Change } from './domain/batch.ts';
import { createContext } from './graphql/context.ts';
import { resolvers } from './graphql/resolvers.ts';
import { consumedEvents, handleOrderEvents } from './messaging/consumers.ts';
import { publish } from './messaging/publish.ts';
import { webhookRoute } from './messaging/webhook-route.ts';
import { createWebhooks } from './webhooks.ts';
import { startWorkers } from './workers.ts';

const name = 'payment';
const sdlFile = new URL('../../schema/payment.graphql', import.meta.url);
const migrations = new URL('./store/migrations/', import.meta.url);

export const paymentService: ServiceDefinition<typeof paymentConfiguration> = {
  name,
  configuration: paymentConfiguration,
  start,
};

async function start(config: PaymentConfig, logger: Logger): Promise<RunningService> {
  await migrateDatabase(config.DATABASE_URL, migrations);
  const metrics = createMetrics(name);
  const clock = systemClock;
  const sql = openDatabase(config.DATABASE_URL, { poolMax: config.DATABASE_POOL_MAX, name });
  const bus = await openEventBus(config.NATS_URL, config.NATS_PREFIX, name);
  const relay = startRelay({ sql, bus, owner: name, logger, metrics });
  const sandbox = openSandboxChannel(sandboxOptions(config));
  const channels = new Map([[sandbox.name, sandbox]]);
  const committed = (changes: readonly Change[]): void => {
    if (changes.length > 0) relay.wake();
    workers.committed(changes);
  };
  const payments = createPayments({ sql, clock, publish, committed });
  const webhooks = createWebhooks({ sql, channels, payments, logger, committed });
  const timing = timingOf(config);
  const workers = startWorkers({ sql, channels, payments, webhooks, logger, timing });
  const consumer = startConsumer({
    sql,
    bus,
    logger,
    metrics,
    consumer: name,
    owner: 'order',
    events: consumedEvents,
    handle: (tx, events) => handleOrderEvents(payments, tx, { events, now: clock.now() }),
    afterCommit: () => [relay, workers].forEach((follower) => follower.wake()),
  });
  const server = await startSubgraphServer({
    name,
    resolvers,
    logger,
    metrics,
    host: config.HOST,
    port: config.PORT,
    sdl: await readFile(sdlFile, 'utf8'),
    context: createContext(sql, payments),
    secret: config.INTERNAL_SECRET,
    ready: () => Promise.all([sql`select 1`, bus.connection.rtt()]),
    routes: webhookRoute({ channels, webhooks, clock, logger }),
  });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await consumer.stop();
      await workers.stop();
      await sandbox.close();
      await relay.stop();
      await bus.close();
      await sql.end({ timeout: 5 });
    },
  };
}

function sandboxOptions(config: PaymentConfig) {
  return {
    url: config.SANDBOX_URL,
    apiKey: config.SANDBOX_API_KEY,
    webhookSecret: config.SANDBOX_WEBHOOK_SECRET,
    timeoutMs: config.CHARGE_TIMEOUT_MS,
    connectionsMax: config.CHARGES_IN_FLIGHT_MAX + config.REFUNDS_IN_FLIGHT_MAX,
  };
}

function timingOf(config: PaymentConfig) {
  return {
    chargeTimeoutMs: config.CHARGE_TIMEOUT_MS,
    reconcileAfterMs: config.RECONCILE_AFTER_MS,
    pollMs: config.WORK_POLL_MS,
    chargesInFlightMax: config.CHARGES_IN_FLIGHT_MAX,
    refundsInFlightMax: config.REFUNDS_IN_FLIGHT_MAX,
  };
}
