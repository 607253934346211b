/**
 * The system under measurement: backing services that are durable as in production, and all services, either together in
 * this process as `npm start` runs them, or with `--processes` each in its own. The sandbox provider and the mail sink,
 * which stand for other people's servers, are always in this one. `--statements` has PostgreSQL count statements. Says where everything is in one line of JSON, and ends
 * when its input does. The switches this process was given, a profiler's for example, go to the services' processes too.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@ordergraph/platform/database.ts';
import { startPaymentProvider } from '@ordergraph/sandbox/payment-provider/server.ts';
import { startSmtpSink } from '@ordergraph/sandbox/smtp-sink/server.ts';
import { freePorts } from '@ordergraph/scripts/embedded/ports.ts';
import { startServer, untilReady } from '@ordergraph/scripts/embedded/server-process.ts';
import {
  startBackingServices,
  type BackingServices,
} from '@ordergraph/scripts/embedded/services.ts';
import { provisionServiceDatabases } from '@ordergraph/scripts/service-databases.ts';
import { jwksFile, loadSecrets } from '@ordergraph/scripts/secrets.ts';
import { serviceEnvironments } from '@ordergraph/scripts/service-environments.ts';
import { developmentPorts, startStack, type StackPorts } from '@ordergraph/scripts/stack.ts';
import type { SystemAddress } from './system.ts';

type Services = Pick<SystemAddress, 'url' | 'databaseUrls' | 'providerUrl' | 'pids'> & {
  stop(): Promise<void>;
};

const prefix = 'ordergraph';
const readyWithinMs = 30_000;

async function startTogether(place: Place): Promise<Services> {
  const stack = await startStack(place);
  return { ...stack, pids: { services: process.pid } };
}

type Place = { backing: BackingServices; dataDir: string; ports: StackPorts };

async function startApart({ backing, dataDir, ports }: Place): Promise<Services> {
  const secrets = await loadSecrets(dataDir);
  const databaseUrls = await provisionServiceDatabases(backing.databaseUrl, {
    prefix,
    secret: secrets.internalSecret,
  });
  const origin = `http://127.0.0.1:${ports.router}`;
  const provider = await startPaymentProvider({
    port: ports.paymentProvider,
    apiKey: secrets.sandboxApiKey,
    webhookSecret: secrets.sandboxWebhookSecret,
    webhookUrl: `${origin}/webhooks/sandbox`,
  });
  const mails = await startSmtpSink({ smtpPort: ports.smtp, webPort: ports.mails });
  const environments = serviceEnvironments({
    backing,
    ports,
    prefix,
    secrets,
    databaseUrls,
    jwksFile: jwksFile(dataDir),
    providerUrl: provider.url,
    smtpPort: mails.smtpPort,
    logLevel: 'warn',
    variables: {},
  });
  const names = Object.keys(environments) as (keyof typeof environments)[];
  const started = await Promise.all(
    names.map(async (name) => {
      const room = name === 'router' ? 'router' : `subgraphs/${name}`;
      const server = await startServer({
        name,
        program: process.execPath,
        args: [...process.execArgv, fileURLToPath(new URL(`../${room}/main.ts`, import.meta.url))],
        stopSignal: 'TERM',
        logFile: join(dataDir, `${name}.log`),
        env: defined(environments[name]),
      });
      const readyUrl = `http://127.0.0.1:${ports[name]}/health/ready`;
      const isReady = async (): Promise<boolean> => (await fetch(readyUrl)).ok;
      await untilReady(server, { name, isReady, timeoutMs: readyWithinMs });
      return [name, server] as const;
    }),
  );
  return {
    url: `${origin}/graphql`,
    databaseUrls,
    providerUrl: provider.url,
    pids: {
      outside: process.pid,
      ...Object.fromEntries(started.map(([name, { pid }]) => [name, pid])),
    },
    async stop() {
      await Promise.all(started.map(([, server]) => server.stop()));
      await mails.stop();
      await provider.stop();
    },
  };
}

function defined(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

/** The library is loaded with the server only, so the server is started once more. */
async function countStatements(server: BackingServices): Promise<void> {
  const library = 'pg_stat_statements';
  const before = openDatabase(server.databaseUrl, { poolMax: 1, name: 'bench' });
  await before.unsafe(`alter system set shared_preload_libraries = ${library}`);
  await before.end();
  await server.restartPostgres();
  const after = openDatabase(server.databaseUrl, { poolMax: 1, name: 'bench' });
  await after.unsafe(`create extension ${library}`);
  await after.end();
}

// Listened for from the beginning: who is interrupted while it starts still stops what it started, in order.
const toEnd = new Promise<unknown>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  process.stdin.once('end', resolve).resume();
});
// When its starter is gone, nobody reads any more.
process.stdout.on('error', () => undefined);

const dataDir = await mkdtemp(join(tmpdir(), 'ordergraph-bench-'));
const backing = await startBackingServices({
  dataDir,
  programsDir: fileURLToPath(new URL('../.data/bin', import.meta.url)),
  log: (line) => void process.stderr.write(`${line}\n`),
});
if (process.argv.includes('--statements')) await countStatements(backing);
const names = Object.keys(developmentPorts) as (keyof StackPorts)[];
const free = await freePorts(names.length);
const ports = Object.fromEntries(names.map((name, i) => [name, free[i]])) as StackPorts;
const services = process.argv.includes('--processes')
  ? await startApart({ backing, dataDir, ports })
  : await startTogether({ backing, dataDir, ports });
const address: SystemAddress = {
  url: services.url,
  dataDir,
  databaseUrl: backing.databaseUrl,
  natsUrl: backing.natsUrl,
  natsPrefix: prefix,
  providerUrl: services.providerUrl,
  databaseUrls: services.databaseUrls,
  pids: { ...services.pids, ...backing.pids },
};
process.stdout.write(`${JSON.stringify(address)}\n`);

await toEnd;
await services.stop();
await backing.stop();
await rm(dataDir, { recursive: true, force: true });
process.exit(0);
