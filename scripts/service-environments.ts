/** The environment of each service of an installation on this machine, as its own process would be given it. */
import type { Environment } from '@ordergraph/platform/config.ts';
import { subgraphs, type SubgraphName } from '@ordergraph/schema/subgraphs.ts';
import { developmentAudience, developmentIssuer, type Secrets } from './secrets.ts';
import { cacheInvalidations } from './cache-invalidations.ts';
import { routerDatabaseUrl } from './service-databases.ts';

export type Installation = {
  readonly backing: { readonly natsUrl: string; readonly redisUrl: string };
  readonly ports: Readonly<Record<SubgraphName | 'router', number>>;
  readonly prefix: string;
  readonly secrets: Secrets;
  readonly databaseUrls: Readonly<Record<SubgraphName, string>>;
  readonly jwksFile: string;
  readonly providerUrl: string;
  readonly smtpPort: number;
  readonly logLevel: string;
  /** On top of the rest, for all services that know them. */
  readonly variables: Environment;
};

export function serviceEnvironments(
  installation: Installation,
): Record<SubgraphName | 'router', Environment> {
  const { backing, ports, secrets, databaseUrls } = installation;
  const common: Environment = {
    INTERNAL_SECRET: secrets.internalSecret,
    NATS_URL: backing.natsUrl,
    REDIS_URL: backing.redisUrl,
    NATS_PREFIX: installation.prefix,
    NODE_ENV: 'development',
    LOG_LEVEL: installation.logLevel,
    SANDBOX_URL: installation.providerUrl,
    SANDBOX_API_KEY: secrets.sandboxApiKey,
    SANDBOX_WEBHOOK_SECRET: secrets.sandboxWebhookSecret,
    SMTP_URL: `smtp://127.0.0.1:${installation.smtpPort}`,
    ...installation.variables,
  };
  const localUrl = (name: SubgraphName): string => `http://127.0.0.1:${ports[name]}`;
  const ofSubgraphs = subgraphs.map(
    ({ name }) =>
      [name, { ...common, PORT: String(ports[name]), DATABASE_URL: databaseUrls[name] }] as const,
  );
  const router: Environment = {
    ...common,
    PORT: String(ports.router),
    DATABASE_URL: routerDatabaseUrl(databaseUrls.order, {
      prefix: installation.prefix,
      secret: secrets.internalSecret,
    }),
    SUBGRAPH_URLS: JSON.stringify(
      Object.fromEntries(subgraphs.map(({ name }) => [name, `${localUrl(name)}/graphql`])),
    ),
    BATCHING_SUBGRAPHS: subgraphs.map(({ name }) => name).join(','),
    WEBHOOK_TARGETS: JSON.stringify({ sandbox: `${localUrl('payment')}/webhooks/sandbox` }),
    CACHE_INVALIDATIONS: JSON.stringify(cacheInvalidations),
    JWKS_FILE: installation.jwksFile,
    JWT_ISSUER: developmentIssuer,
    JWT_AUDIENCE: developmentAudience,
  };
  return Object.fromEntries([...ofSubgraphs, ['router', router]]) as Record<
    SubgraphName | 'router',
    Environment
  >;
}
