/**
 * The whole system in one process: every service from its value, the sandbox payment provider and the mail sink beside
 * them, on backing services that are already there. `npm start`, the tests and the benchmarks all run this.
 */
import { join } from 'node:path';
import { analyticsService } from '@ordergraph/analytics/service.ts';
import { inventoryService } from '@ordergraph/inventory/service.ts';
import { notificationService } from '@ordergraph/notification/service.ts';
import { orderService } from '@ordergraph/order/service.ts';
import { paymentService } from '@ordergraph/payment/service.ts';
import { readConfig, type Environment } from '@ordergraph/platform/config.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import type { RunningService, ServiceDefinition } from '@ordergraph/platform/service.ts';
import { routerService } from '@ordergraph/router/service.ts';
import { startPaymentProvider } from '@ordergraph/sandbox/payment-provider/server.ts';
import { startSmtpSink } from '@ordergraph/sandbox/smtp-sink/server.ts';
import { subgraphs, type SubgraphName } from '@ordergraph/schema/subgraphs.ts';
import type { DestinationStream } from 'pino';
import type { z } from 'zod';
import { restartable, type Restartable } from './restartable.ts';
import { jwksFile, loadSecrets } from './secrets.ts';
import { serviceEnvironments } from './service-environments.ts';
import { provisionServiceDatabases } from './service-databases.ts';

export type StackPorts = Readonly<
  Record<SubgraphName | 'router' | 'paymentProvider' | 'smtp' | 'mails', number>
>;

export const developmentPorts: StackPorts = {
  router: 4000,
  order: 4001,
  inventory: 4002,
  payment: 4003,
  notification: 4004,
  analytics: 4005,
  paymentProvider: 4010,
  smtp: 4025,
  mails: 4026,
};

export type StackOptions = {
  readonly backing: {
    readonly databaseUrl: string;
    readonly natsUrl: string;
    readonly redisUrl: string;
  };
  /** Where secrets and the provider's journal are kept. */
  readonly dataDir: string;
  readonly ports: StackPorts;
  /** Keeps stacks that share backing services apart: begins names of databases, streams and topics. */
  readonly prefix?: string;
  /** Environment variables on top of the stack's own, for all services that know them. */
  readonly variables?: Environment;
  readonly provider?: { lateMs?: number; slowMs?: number };
  readonly logLevel?: string;
  readonly logTo?: DestinationStream;
};

export type Stack = {
  readonly url: string;
  readonly mailsUrl: string;
  readonly providerUrl: string;
  readonly databaseUrls: Readonly<Record<SubgraphName, string>>;
  readonly mails: Awaited<ReturnType<typeof startSmtpSink>>;
  /** Each can be stopped and started again while the others run. */
  readonly services: Readonly<Record<SubgraphName, Restartable>>;
  /** Stops the router first, so that nobody is answered by half a system. */
  stop(): Promise<void>;
};

const definitions = {
  order: orderService,
  inventory: inventoryService,
  payment: paymentService,
  notification: notificationService,
  analytics: analyticsService,
};

/** Starts everything. @throws Error naming what could not start; what had started is stopped then. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const service of started.toReversed()) await service.stop();
  };
  try {
    return { ...(await startAll(options, started)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAll(
  options: StackOptions,
  started: { stop(): Promise<void> }[],
): Promise<Omit<Stack, 'stop'>> {
  const { backing, ports, dataDir } = options;
  const prefix = options.prefix ?? 'ordergraph';
  const secrets = await loadSecrets(dataDir);
  const databaseUrls = await provisionServiceDatabases(backing.databaseUrl, {
    prefix,
    secret: secrets.internalSecret,
  });
  const routerUrl = `http://127.0.0.1:${ports.router}`;
  const provider = await startPaymentProvider({
    port: ports.paymentProvider,
    apiKey: secrets.sandboxApiKey,
    webhookSecret: secrets.sandboxWebhookSecret,
    webhookUrl: `${routerUrl}/webhooks/sandbox`,
    journalFile: join(dataDir, `${prefix}-provider-journal.jsonl`),
    ...options.provider,
  });
  started.push(provider);
  const mails = await startSmtpSink({ smtpPort: ports.smtp, webPort: ports.mails });
  started.push(mails);

  const environments = serviceEnvironments({
    backing,
    ports,
    prefix,
    secrets,
    databaseUrls,
    jwksFile: jwksFile(dataDir),
    providerUrl: provider.url,
    smtpPort: mails.smtpPort,
    logLevel: options.logLevel ?? 'warn',
    variables: options.variables ?? {},
  });
  const running = await Promise.all(
    subgraphs.map(async ({ name }) => {
      const definition = definitions[name] as ServiceDefinition<z.ZodType>;
      const service = await restartable(() => run(definition, environments[name], options));
      started.push(service);
      return [name, service] as const;
    }),
  );
  const router = await run(routerService, environments.router, options);
  started.push(router);
  return {
    url: router.url,
    mailsUrl: mails.url,
    providerUrl: provider.url,
    databaseUrls,
    mails,
    services: Object.fromEntries(running) as Record<SubgraphName, Restartable>,
  };
}

async function run<S extends z.ZodType>(
  definition: ServiceDefinition<S>,
  environment: Environment,
  options: StackOptions,
): Promise<RunningService> {
  const logger = createLogger(definition.name, environment['LOG_LEVEL'] ?? 'warn', options.logTo);
  return definition.start(readConfig(definition.configuration, environment), logger);
}
