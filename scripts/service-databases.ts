/** Each service's own database on one PostgreSQL server: how it is called, how it is reached, and that it is there. */
import { provisionDatabase, serviceDatabaseUrl } from '@ordergraph/platform/provision.ts';
import { subgraphs, type SubgraphName } from '@ordergraph/schema/subgraphs.ts';

export type Installation = {
  /** What the names of its databases, streams and topics begin with. */
  readonly prefix: string;
  /** From which the roles' passwords are derived. */
  readonly secret: string;
};

export type ServiceDatabaseUrls = Readonly<Record<SubgraphName, string>>;

/** With which URL each service connects to the server that the administrator's URL names. */
export function serviceDatabaseUrls(
  adminUrl: string,
  { prefix, secret }: Installation,
): ServiceDatabaseUrls {
  return byService((name) =>
    serviceDatabaseUrl(adminUrl, { database: databaseName(prefix, name), secret }),
  );
}

/**
 * With which URL the router connects to its own database.
 * @param serverUrl any URL on the server
 */
export function routerDatabaseUrl(serverUrl: string, { prefix, secret }: Installation): string {
  return serviceDatabaseUrl(serverUrl, { database: databaseName(prefix, 'router'), secret });
}

/**
 * Creates the databases and roles that are missing, the router's too, and sets the roles' passwords.
 * @param adminUrl a URL of a role that may create both.
 */
export async function provisionServiceDatabases(
  adminUrl: string,
  { prefix, secret }: Installation,
): Promise<ServiceDatabaseUrls> {
  await Promise.all(
    [...subgraphs.map(({ name }) => name), 'router' as const].map((name) =>
      provisionDatabase(adminUrl, { database: databaseName(prefix, name), secret }),
    ),
  );
  return serviceDatabaseUrls(adminUrl, { prefix, secret });
}

function databaseName(prefix: string, service: SubgraphName | 'router'): string {
  return `${prefix.replaceAll('-', '_')}_${service}`;
}

function byService(url: (name: SubgraphName) => string): ServiceDatabaseUrls {
  return {
    order: url('order'),
    inventory: url('inventory'),
    payment: url('payment'),
    notification: url('notification'),
    analytics: url('analytics'),
  };
}
