/**
 * The whole system with a process for each service, as in production, on free ports and names of its own. Between each
 * service and its database there is a wire, in which a test can hold a moment; and so there is between payment and its
 * provider, and between the router and payment's intake of webhooks.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '@ordergraph/platform/config.ts';
import { startPaymentProvider } from '@ordergraph/sandbox/payment-provider/server.ts';
import { startSmtpSink } from '@ordergraph/sandbox/smtp-sink/server.ts';
import { subgraphs, type SubgraphName } from '@ordergraph/schema/subgraphs.ts';
import { signDevelopmentToken } from '@ordergraph/scripts/development-token.ts';
import { freePorts } from '@ordergraph/scripts/embedded/ports.ts';
import { ServerFailedToStart } from '@ordergraph/scripts/embedded/server-process.ts';
import { jwksFile, loadSecrets } from '@ordergraph/scripts/secrets.ts';
import { provisionServiceDatabases } from '@ordergraph/scripts/service-databases.ts';
import { serviceEnvironments } from '@ordergraph/scripts/service-environments.ts';
import { inject } from 'vitest';
import { freeStackPorts, type TestSystem } from '../environment.ts';
import { runProgram, type RunningProgram } from './running-program.ts';
import { openWire, type Wire } from './wire.ts';

export type Wires = Readonly<Record<SubgraphName | 'provider' | 'webhooks', Wire>>;

export type ProcessSystem = Pick<
  TestSystem,
  'url' | 'token' | 'databaseUrls' | 'prefix' | 'providerUrl' | 'dataDir'
> & {
  readonly services: Readonly<Record<SubgraphName, RunningProgram>>;
  readonly wires: Wires;
  /** Starts another instance of a service, without wires; the router does not know it. */
  startAnother(name: SubgraphName): Promise<RunningProgram>;
  stop(): Promise<void>;
};

type Closing = (() => Promise<unknown>)[];
type ServiceName = SubgraphName | 'router';

/** Longer than an answer is held back. What a killed payment was charging is taken up after two of these and 5 s. */
const chargeTimeoutMs = 2_000;

const triesMax = 3;

/** Starts everything; `stop` also removes its files. */
export async function startProcessSystem(): Promise<ProcessSystem> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOnce();
    } catch (error) {
      // Free ports are found before the programs that listen on them are started; others may be quicker.
      const portWasTaken = error instanceof ServerFailedToStart && error.portWasTaken;
      if (!portWasTaken || tries === triesMax) throw error;
    }
  }
}

async function startOnce(): Promise<ProcessSystem> {
  const closing: Closing = [];
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).toReversed()) await close();
  };
  try {
    return { ...(await startAll(closing)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAll(closing: Closing): Promise<Omit<ProcessSystem, 'stop'>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ordergraph-processes-'));
  closing.push(() => rm(dataDir, { recursive: true, force: true }));
  const { environments, wires, ...place } = await prepare(dataDir, closing);
  const run = async (name: ServiceName, environment: Environment): Promise<RunningProgram> => {
    const program = await runProgram({ ...programOf(name, environment), logsDir: dataDir });
    closing.push(() => program.stop());
    return program;
  };
  const services = await named((name) => {
    const databaseUrl = over(wires[name], environments[name]['DATABASE_URL']);
    return run(name, { ...environments[name], DATABASE_URL: databaseUrl });
  });
  await run('router', {
    ...environments.router,
    WEBHOOK_TARGETS: JSON.stringify({
      sandbox: `http://127.0.0.1:${wires.webhooks.port}/webhooks/sandbox`,
    }),
  });
  return {
    ...place,
    dataDir,
    services,
    wires,
    async startAnother(name) {
      const [port] = await freePorts(1);
      return run(name, { ...environments[name], PORT: String(port) });
    },
  };
}

/** Everything but the services: databases, the provider, the mail sink, the wires. */
async function prepare(dataDir: string, closing: Closing) {
  const prefix = `t${randomUUID().slice(0, 8)}`;
  const secrets = await loadSecrets(dataDir);
  const ports = await freeStackPorts();
  const backing = { natsUrl: inject('natsUrl'), redisUrl: inject('redisUrl') };
  const databaseUrls = await provisionServiceDatabases(inject('databaseUrl'), {
    prefix,
    secret: secrets.internalSecret,
  });
  const origin = `http://127.0.0.1:${ports.router}`;
  const provider = await startPaymentProvider({
    port: 0,
    apiKey: secrets.sandboxApiKey,
    webhookSecret: secrets.sandboxWebhookSecret,
    webhookUrl: `${origin}/webhooks/sandbox`,
  });
  closing.push(() => provider.stop());
  const mails = await startSmtpSink({ smtpPort: 0, webPort: 0 });
  closing.push(() => mails.stop());
  const wires: Wires = {
    ...(await named((name) => openWire(Number(new URL(databaseUrls[name]).port)))),
    provider: await openWire(provider.port),
    webhooks: await openWire(ports.payment),
  };
  closing.push(() => Promise.all(Object.values(wires).map((wire) => wire.stop())));
  const environments = serviceEnvironments({
    backing,
    ports,
    prefix,
    secrets,
    databaseUrls,
    jwksFile: jwksFile(dataDir),
    providerUrl: `http://127.0.0.1:${wires.provider.port}`,
    smtpPort: mails.smtpPort,
    logLevel: 'warn',
    variables: { DATABASE_POOL_MAX: '4', CHARGE_TIMEOUT_MS: String(chargeTimeoutMs) },
  });
  const token: TestSystem['token'] = (claims) =>
    signDevelopmentToken(secrets, { subject: 'alice', role: 'customer', scopes: [], ...claims });
  const url = `${origin}/graphql`;
  return { environments, wires, url, token, prefix, databaseUrls, providerUrl: provider.url };
}

function programOf(name: ServiceName, environment: Environment) {
  const folder = name === 'router' ? 'router' : `subgraphs/${name}`;
  const port = environment['PORT'] ?? '';
  return {
    name: `${name}-${port}`,
    file: fileURLToPath(new URL(`../../${folder}/main.ts`, import.meta.url)),
    environment,
    readyUrl: `http://127.0.0.1:${port}/health/ready`,
  };
}

/** Waits for all, so that none is still starting when the others are stopped. */
async function named<T>(of: (name: SubgraphName) => Promise<T>): Promise<Record<SubgraphName, T>> {
  const begun = subgraphs.map(async ({ name }) => [name, await of(name)] as const);
  await Promise.allSettled(begun);
  return Object.fromEntries(await Promise.all(begun)) as Record<SubgraphName, T>;
}

function over(wire: Wire, url = ''): string {
  const wired = new URL(url);
  wired.port = String(wire.port);
  return wired.href;
}
