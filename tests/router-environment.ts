/** The environment of a further router before a system's services; tokens are the system's. */
import type { Environment } from '@ordergraph/platform/config.ts';
import {
  developmentAudience,
  developmentIssuer,
  jwksFile,
  loadSecrets,
} from '@ordergraph/scripts/secrets.ts';
import type { TestSystem } from './environment.ts';

/** @param elsewhere addresses of services that it asks in place of the system's own, by name */
export async function routerEnvironment(
  { dataDir, services }: TestSystem,
  elsewhere: Readonly<Record<string, string>> = {},
): Promise<Environment> {
  const { internalSecret } = await loadSecrets(dataDir);
  const own = Object.entries(services).map(([name, { url }]) => [name, url] as const);
  return {
    INTERNAL_SECRET: internalSecret,
    NODE_ENV: 'development',
    LOG_LEVEL: 'error',
    SUBGRAPH_URLS: JSON.stringify({ ...Object.fromEntries(own), ...elsewhere }),
    JWKS_FILE: jwksFile(dataDir),
    JWT_ISSUER: developmentIssuer,
    JWT_AUDIENCE: developmentAudience,
  };
}
