/** `npm run partner`: partners, their keys and the operations that they publish, on the running system. */
import { ConfigurationError } from '@ordergraph/platform/config.ts';
import { openDatabase } from '@ordergraph/platform/database.ts';
import { ManifestRefused } from '@ordergraph/router/partners/publish-manifest.ts';
import { PartnerRefused } from '@ordergraph/router/store/partners.ts';
import { NotAManifest } from '@ordergraph/schema/manifests/manifest-file.ts';
import { dataDirectory } from './data-location.ts';
import { installationSecrets } from './installation-secrets.ts';
import { readCall, usage, WrongCall, type Call } from './partner/call.ts';
import { run } from './partner/commands.ts';
import { runningServices } from './running-services.ts';
import { routerDatabaseUrl } from './service-databases.ts';

async function main(call: Exclude<Call, { command: 'help' }>, environment: NodeJS.ProcessEnv) {
  const dataDir = dataDirectory(environment);
  const prefix = environment['NATS_PREFIX'] ?? 'ordergraph';
  const { databaseUrl } = await runningServices(dataDir, environment);
  const { internalSecret: secret } = await installationSecrets(dataDir, environment);
  const url = routerDatabaseUrl(databaseUrl, { prefix, secret });
  const sql = openDatabase(url, { poolMax: 1, name: 'partner' });
  try {
    const { lines, faults = [] } = await run(call, sql, environment);
    for (const line of lines) process.stdout.write(`${line}\n`);
    for (const line of faults) process.stderr.write(`${line}\n`);
    if (faults.length > 0) process.exitCode = 1;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Whether the words say all there is to say: what was asked for cannot be done, the system is well. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof PartnerRefused ||
    error instanceof ManifestRefused ||
    error instanceof NotAManifest ||
    error instanceof ConfigurationError
  );
}

try {
  const call = readCall(process.argv.slice(2));
  if (call.command === 'help') process.stdout.write(usage);
  else await main(call, process.env);
} catch (error) {
  const words = error instanceof Error ? error.message || error.name : String(error);
  const hint =
    error instanceof WrongCall ? `\n${usage}` : isRefusal(error) ? '' : 'Is npm start running?\n';
  process.stderr.write(`${words}\n${hint}`);
  process.exitCode = error instanceof WrongCall || error instanceof ConfigurationError ? 2 : 1;
}
