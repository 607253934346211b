/** Gives each service a database and a role of its own on a PostgreSQL server. */
import { createHmac } from 'node:crypto';
import postgres from 'postgres';

/** The lock's key; any number will do as long as everybody uses the same. */
const provisionLock = 7_203_415;

/**
 * Creates role and database where they are missing, and sets the role's password.
 * @param adminUrl a URL of a role that may create both.
 * @returns the URL with which the service connects.
 */
export async function provisionDatabase(
  adminUrl: string,
  service: { database: string; secret: string; template?: string },
): Promise<string> {
  const { database, secret } = service;
  for (const name of [database, service.template ?? database]) {
    if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) throw new Error('A database name is malformed');
  }
  const password = databasePassword(database, secret);
  const admin = postgres(adminUrl, { max: 1, onnotice: () => undefined, connect_timeout: 5 });
  try {
    // Instances that start together take turns; the lock ends with the session.
    await admin`select pg_advisory_lock(${provisionLock})`;
    // Utility statements take no parameters; the name is checked above and the password is base64url.
    const roles = await admin`select from pg_roles where rolname = ${database}`;
    const verb = roles.length === 0 ? 'create' : 'alter';
    await admin.unsafe(`${verb} role "${database}" login password '${password}'`);
    const databases = await admin`select from pg_database where datname = ${database}`;
    if (databases.length === 0) {
      await admin.unsafe(
        `create database "${database}" owner "${database}"${service.template ? ` template "${service.template}"` : ''}`,
      );
    }
    await admin.unsafe(`revoke connect on database "${database}" from public`);
  } finally {
    await admin.end({ timeout: 5 });
  }
  return serviceDatabaseUrl(adminUrl, service);
}

/** The URL with which a service connects to the database that was made for it. */
export function serviceDatabaseUrl(
  adminUrl: string,
  { database, secret }: { database: string; secret: string },
): string {
  const url = new URL(adminUrl);
  url.username = database;
  url.password = databasePassword(database, secret);
  url.pathname = `/${database}`;
  return url.href;
}

/** A role's password: derived, so that every instance knows it from the installation's secret. */
function databasePassword(role: string, secret: string): string {
  return createHmac('sha256', secret).update(`database:${role}`).digest('base64url');
}
