/**
 * `npm start`: the whole system on this machine. Backing services, then all services in this process; Ctrl-C and SIGTERM
 * stop what was started, in the opposite order.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import { ConfigurationError } from '@ordergraph/platform/config.ts';
import { subgraphs } from '@ordergraph/schema/subgraphs.ts';
import { dataDirectory } from './data-location.ts';
import { lockDataDirectory } from './embedded/data-directory.ts';
import { startBackingServices } from './embedded/services.ts';
import { noteRunningServices } from './running-services.ts';
import { startStack, type Stack, type StackPorts } from './stack.ts';
import { startConfiguration } from './start-configuration.ts';
import { refuseTakenPorts } from './start-ports.ts';

const usage = `npm start

Starts Ordergraph: PostgreSQL, NATS JetStream and Redis unless their URLs are given, all services, the
sandbox payment provider, the mail sink and the router. Ctrl-C stops all it started.

  PORT          moves the router from 4000
  SERVICES_PORT moves the services, the provider and the mails, which begin at 4001
  DATA_DIR      where state is kept, instead of .data
  DATABASE_URL  a PostgreSQL server to use: a role that may create databases and roles
  NATS_URL      a NATS server with JetStream to use
  REDIS_URL     a Redis server to use
  LOG_LEVEL     how much the services log (warn)
  NODE_ENV      production turns the IDE and introspection off

Other variables of docs/operations.md, for example HOLD_DURATION_MS, are handed on to the services that know them.
`;

async function main(environment: NodeJS.ProcessEnv): Promise<void> {
  const startedAtMs = performance.now();
  const stopped = stopSignal();
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const dataDir = dataDirectory(environment);
  const { ports, variables } = startConfiguration(environment);
  const lock = await lockDataDirectory(dataDir);
  const undo: (() => Promise<void>)[] = [() => lock.release()];
  const stopAll = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    await refuseTakenPorts(ports);
    const backing = await startBackingServices({
      dataDir,
      keepRunning: true,
      log: say,
      ...url('databaseUrl', environment['DATABASE_URL']),
      ...url('natsUrl', environment['NATS_URL']),
      ...url('redisUrl', environment['REDIS_URL']),
    });
    undo.push(() => backing.stop());
    const providerUrl = `http://127.0.0.1:${ports.paymentProvider}`;
    await noteRunningServices(dataDir, { ...backing, providerUrl });
    const stack = await startStack({
      backing,
      dataDir,
      ports,
      logTo: process.stdout.isTTY ? pretty({ colorize: true, sync: true }) : pino.destination(1),
      variables: { DEMO_CATALOGUE: 'true', ...variables },
    });
    undo.push(() => stack.stop());
    say(await welcome(stack, ports, performance.now() - startedAtMs));
    say(`\n${await stopped}: stopping …`);
    await stopAll();
    say('Everything is stopped.');
  } catch (error) {
    await stopAll();
    throw error;
  }
}

function url<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value ? ({ [key]: value } as Record<K, string>) : {};
}

async function welcome(
  { url: router, mailsUrl: mails }: Pick<Stack, 'url' | 'mailsUrl'>,
  ports: StackPorts,
  tookMs: number,
): Promise<string> {
  const query =
    '{ products(first: 3) { nodes { sku name unitPrice { amount currencyCode } available } } }';
  const origin = new URL(router).origin;
  const { version } = JSON.parse(
    await readFile(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  const services = subgraphs.map(({ name }) => `${name} ${ports[name]}`).join(' · ');
  return `
Ordergraph ${version} is ready after ${(tookMs / 1000).toFixed(1)} s

  GraphQL and IDE   ${origin}/graphql
  Live status       ${origin.replace('http', 'ws')}/graphql
  Mails             ${mails}
  Health, metrics   ${origin}/health/ready  ${origin}/metrics
  Subgraphs         ${services}

A first query to paste:

  curl -s ${origin}/graphql -H 'content-type: application/json' \\
    -d '${JSON.stringify({ query })}'

Ctrl-C stops everything.`;
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve(signal);
      });
    }
  });
}

if (process.argv.length > 2) {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } }, strict: false });
  process.stdout.write(usage);
  process.exitCode = values['help'] ? 0 : 2;
} else {
  try {
    await main(process.env);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(error instanceof ConfigurationError ? 2 : 1);
  }
}
