/** What docker-compose.yml takes from .env: an installation's secrets, and the passwords that follow from them. */
import { serviceDatabaseUrl } from '@ordergraph/platform/provision.ts';
import { subgraphs } from '@ordergraph/schema/subgraphs.ts';
import type { Secrets } from './secrets.ts';
import { routerDatabaseUrl, serviceDatabaseUrls } from './service-databases.ts';

/** Passwords do not depend on the server's address. */
const anyServer = 'postgres://postgres:5432/postgres';

export function composeVariables(
  secrets: Pick<Secrets, 'internalSecret' | 'sandboxApiKey' | 'sandboxWebhookSecret'>,
): Record<string, string> {
  const { internalSecret: secret, sandboxApiKey, sandboxWebhookSecret } = secrets;
  const installation = { prefix: 'ordergraph', secret };
  const urls = serviceDatabaseUrls(anyServer, installation);
  return {
    INTERNAL_SECRET: secret,
    POSTGRES_PASSWORD: passwordIn(serviceDatabaseUrl(anyServer, { database: 'postgres', secret })),
    ...Object.fromEntries(
      subgraphs.map(({ name }) => [
        `${name.toUpperCase()}_DATABASE_PASSWORD`,
        passwordIn(urls[name]),
      ]),
    ),
    ROUTER_DATABASE_PASSWORD: passwordIn(routerDatabaseUrl(anyServer, installation)),
    SANDBOX_API_KEY: sandboxApiKey,
    SANDBOX_WEBHOOK_SECRET: sandboxWebhookSecret,
  };
}

function passwordIn(url: string): string {
  return new URL(url).password;
}
