/**
 * Prints the .env with which docker-compose.yml runs: the secrets of the installation in DATA_DIR, made at the first call,
 * so that `npm run token`, `npm run invariants` and `npm run dead-letters` know them too.
 */
import { subgraphs } from '@ordergraph/schema/subgraphs.ts';
import { serviceDatabaseUrl } from '@ordergraph/platform/provision.ts';
import { dataDirectory } from './data-location.ts';
import { loadSecrets, type Secrets } from './secrets.ts';
import { serviceDatabaseUrls } from './service-databases.ts';

const usage = `node scripts/compose-env.ts > .env

Prints the secrets for docker compose, a line each. The same DATA_DIR gives the same secrets.

  DATA_DIR   where they are kept, instead of .data
`;

function composeEnvironment(secrets: Secrets): Record<string, string> {
  const { internalSecret: secret, sandboxApiKey, sandboxWebhookSecret } = secrets;
  const anyServer = 'postgres://postgres:5432/postgres';
  const urls = serviceDatabaseUrls(anyServer, { prefix: 'ordergraph', secret });
  return {
    INTERNAL_SECRET: secret,
    POSTGRES_PASSWORD: passwordIn(serviceDatabaseUrl(anyServer, { database: 'postgres', secret })),
    ...Object.fromEntries(
      subgraphs.map(({ name }) => [
        `${name.toUpperCase()}_DATABASE_PASSWORD`,
        passwordIn(urls[name]),
      ]),
    ),
    SANDBOX_API_KEY: sandboxApiKey,
    SANDBOX_WEBHOOK_SECRET: sandboxWebhookSecret,
  };
}

function passwordIn(url: string): string {
  return new URL(url).password;
}

if (process.argv.length > 2) {
  process.stdout.write(usage);
  process.exitCode = process.argv[2] === '--help' ? 0 : 2;
} else {
  try {
    const variables = composeEnvironment(await loadSecrets(dataDirectory(process.env)));
    for (const [name, value] of Object.entries(variables)) {
      process.stdout.write(`${name}=${value}\n`);
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
