/** `npm run invariants`: checks every invariant of docs/guarantees.md on the databases of a running system. */
import { parseArgs } from 'node:util';
import { dataDirectory } from '../data-location.ts';
import { installationSecrets, type InstallationSecrets } from '../installation-secrets.ts';
import { runningServices, type RunningServices } from '../running-services.ts';
import { serviceDatabaseUrls } from '../service-databases.ts';
import { developmentPorts } from '../stack.ts';
import { table } from '../text-table.ts';
import { checkInvariants } from './check.ts';
import type { Verdict } from './invariant.ts';
import type { Connections } from './scene.ts';

const usage = `npm run invariants

Checks every invariant of docs/guarantees.md on the live databases, streams and the payment provider's journal
of a running npm start. What may still be on its way is waited for, 60 s at most.

  DATA_DIR      the installation, instead of .data
  DATABASE_URL  its PostgreSQL, if it is not the one that npm start runs
  NATS_URL      its NATS, likewise
  SANDBOX_URL   its payment provider, likewise
  NATS_PREFIX   what the names of its databases and streams begin with (ordergraph)

INTERNAL_SECRET, SANDBOX_API_KEY and SANDBOX_WEBHOOK_SECRET, if given, are used in place of those in DATA_DIR.

Exit code 0 if all hold, 1 on a breach with the offending rows, 2 if the system cannot be reached.
`;

const rowsShownMax = 20;

async function main(environment: NodeJS.ProcessEnv): Promise<number> {
  const dataDir = dataDirectory(environment);
  const running = await runningServices(dataDir, environment);
  const secrets = await installationSecrets(dataDir, environment);
  const isTerminal = process.stdout.isTTY;
  const verdicts = await checkInvariants(connectionsOf(environment, running, secrets), {
    secrets: [
      secrets.internalSecret,
      secrets.sandboxApiKey,
      secrets.sandboxWebhookSecret,
      ...privatePartOf(secrets),
    ].filter((text) => text !== ''),
    onStart: ({ number, promise }) => {
      if (isTerminal) process.stdout.write(`\r\u001b[K${number} ${promise} …`);
    },
  });
  if (isTerminal) process.stdout.write('\r\u001b[K');
  process.stdout.write(`${report(verdicts)}\n`);
  return verdicts.some(({ offenders }) => offenders.length > 0) ? 1 : 0;
}

function connectionsOf(
  environment: NodeJS.ProcessEnv,
  running: RunningServices,
  secrets: InstallationSecrets,
): Connections {
  const prefix = environment['NATS_PREFIX'] ?? 'ordergraph';
  const secret = secrets.internalSecret;
  return {
    databaseUrls: serviceDatabaseUrls(running.databaseUrl, { prefix, secret }),
    natsUrl: running.natsUrl,
    natsPrefix: prefix,
    providerUrl:
      environment['SANDBOX_URL'] ??
      running.providerUrl ??
      `http://127.0.0.1:${developmentPorts.paymentProvider}`,
    providerApiKey: secrets.sandboxApiKey,
  };
}

function privatePartOf({ tokenKey }: InstallationSecrets): string[] {
  return typeof tokenKey?.['d'] === 'string' ? [tokenKey['d']] : [];
}

function report(verdicts: readonly Verdict[]): string {
  const breaches = verdicts.filter(({ offenders }) => offenders.length > 0);
  const rows = verdicts.map(({ invariant: { number, promise }, checked, offenders, tookMs }) => [
    `${String(number).padStart(2)} ${promise}`,
    offenders.length > 0 ? 'BREACH' : 'ok',
    checked.toLocaleString('en'),
    tookMs.toFixed(0),
  ]);
  const verdict =
    breaches.length === 0
      ? `All ${verdicts.length} checks hold.`
      : `${breaches.length} of ${verdicts.length} checks are breached.`;
  return [table(['Invariant', '', 'rows', 'ms'], rows), ...breaches.map(offendersOf), verdict].join(
    '\n\n',
  );
}

function offendersOf({ invariant: { number, promise }, offenders }: Verdict): string {
  const shown = offenders.slice(0, rowsShownMax).map((row) => `  ${JSON.stringify(row)}`);
  const more = offenders.length - shown.length;
  return [
    `${number} ${promise}: ${offenders.length} rows at fault`,
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join('\n');
}

if (process.argv.length > 2) {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } }, strict: false });
  process.stdout.write(usage);
  process.exitCode = values['help'] ? 0 : 2;
} else {
  try {
    process.exitCode = await main(process.env);
  } catch (error) {
    const words = error instanceof Error ? error.message || error.name : String(error);
    process.stderr.write(`The invariants could not be checked: ${words}\nIs npm start running?\n`);
    process.exitCode = 2;
  }
}
