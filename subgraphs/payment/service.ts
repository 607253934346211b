/** The payment service: takes the money of reserved orders, and gives it back when they end. */
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
  await using parts = new AsyncDisposableStack();
  const { sql, bus, metrics, ready } = await openServiceConnections(parts, name, {
    config,
    migrations,
  });
  const clock = systemClock;
  const relay = stopping(parts, startRelay({ sql, bus, owner: name, logger, metrics }));
  const sandbox = parts.adopt(openSandboxChannel(sandboxOptions(config)), (channel) =>
    channel.close(),
  );
  const channels = new Map([[sandbox.name, sandbox]]);
  const committed = (changes: readonly Change[]): void => {
    if (changes.length > 0) relay.wake();
    workers.committed(changes);
  };
  const payments = createPayments({ sql, clock, publish, committed });
  const webhooks = createWebhooks({ sql, channels, payments, logger, committed });
  const timing = timingOf(config);
  const workers = stopping(
    parts,
    startWorkers({ sql, channels, payments, webhooks, logger, timing }),
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
      handle: (tx, events) => handleOrderEvents(payments, tx, { events, now: clock.now() }),
      afterCommit: () => [relay, workers].forEach((follower) => follower.wake()),
    }),
  );
  const server = stopping(
    parts,
    await startSubgraphServer({
      name,
      resolvers,
      logger,
      metrics,
      host: config.HOST,
      port: config.PORT,
      sdl: await readFile(sdlFile, 'utf8'),
      context: createContext(sql, payments),
      secret: config.INTERNAL_SECRET,
      ready,
      routes: webhookRoute({ channels, webhooks, clock, logger }),
    }),
  );
  return runningOn(parts, server.url);
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
