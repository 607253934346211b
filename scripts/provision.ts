/**
 * Prepares a PostgreSQL server for a deployment: a database and a role for each service, as `npm start` makes for itself.
 * Runs before the services; running it again changes nothing but, after a change of INTERNAL_SECRET, the passwords.
 */
import { ConfigurationError, readConfig, secret } from '@ordergraph/platform/config.ts';
import { subgraphs } from '@ordergraph/schema/subgraphs.ts';
import { z } from 'zod';
import { provisionServiceDatabases, routerDatabaseUrl } from './service-databases.ts';

const configuration = z.object({
  /** A role that may create databases and roles. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }),
  INTERNAL_SECRET: secret,
  NATS_PREFIX: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits or -')
    .default('ordergraph'),
});

const wrongPassword = '28P01';

async function main(environment: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(configuration, environment);
  const installation = { prefix: config.NATS_PREFIX, secret: config.INTERNAL_SECRET };
  const urls = {
    ...(await provisionServiceDatabases(config.DATABASE_URL, installation)),
    router: routerDatabaseUrl(config.DATABASE_URL, installation),
  };
  for (const name of [...subgraphs.map((subgraph) => subgraph.name), 'router' as const]) {
    const { pathname, host } = new URL(urls[name]);
    process.stdout.write(`${name}: ${pathname.slice(1)} on ${host} is ready\n`);
  }
}

function explained(error: unknown): string {
  if (error instanceof ConfigurationError) {
    return `${error.message}\nUnder docker compose they come from .env, which scripts/compose-env.ts makes.`;
  }
  const words = error instanceof Error ? error.message || error.name : String(error);
  const refused = error instanceof Error && 'code' in error && error.code === wrongPassword;
  return refused
    ? `${words}\nA server keeps the administrator's password that it was first started with.`
    : words;
}

if (import.meta.main) {
  try {
    await main(process.env);
  } catch (error) {
    process.stderr.write(`The databases could not be prepared: ${explained(error)}\n`);
    process.exitCode = error instanceof ConfigurationError ? 2 : 1;
  }
}
