import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { NATS_VERSION_MIN } from './nats.ts';
import { POSTGRES_VERSION_MIN } from './postgres-program.ts';
import { messageOf, versionIsAtLeast } from './programs.ts';
import { REDIS_VERSION_MIN } from './redis.ts';

const ANSWER_WITHIN_MS = 4_000;

export type GivenServers = { databaseUrl?: string; natsUrl?: string; redisUrl?: string };

/**
 * Sees whether the given servers can be used, all at once.
 *
 * @throws one error that names each variable, its address without the password and the reason, unless
 *   a good enough server answers at each of them within 5 s.
 */
export async function checkGivenServers(given: GivenServers): Promise<void> {
  const checks = await Promise.allSettled([
    given.databaseUrl === undefined ? undefined : checkPostgres(given.databaseUrl),
    given.natsUrl === undefined ? undefined : checkNats(given.natsUrl),
    given.redisUrl === undefined ? undefined : checkRedis(given.redisUrl),
  ]);
  const failures = checks.filter((result) => result.status === 'rejected');
  if (failures.length === 0) return;
  const reasons = failures.map(({ reason }): unknown => reason);
  throw new AggregateError(reasons, reasons.map(messageOf).join('\n'));
}

async function checkPostgres(url: string): Promise<void> {
  await check('DATABASE_URL', url, `PostgreSQL ${POSTGRES_VERSION_MIN} or later`, async () => {
    const sql = postgres(url, {
      max: 1,
      connect_timeout: ANSWER_WITHIN_MS / 1000,
      onnotice: () => undefined,
    });
    try {
      const [row] = await sql<{ server_version: string }[]>`show server_version`;
      return { version: row?.server_version.split(' ')[0] ?? '0', minimum: POSTGRES_VERSION_MIN };
    } finally {
      await sql.end({ timeout: 0 });
    }
  });
}

async function checkNats(url: string): Promise<void> {
  await check('NATS_URL', url, `NATS ${NATS_VERSION_MIN} or later with JetStream`, async () => {
    const connection = await connect({
      servers: url.split(','),
      timeout: ANSWER_WITHIN_MS,
      reconnect: false,
    });
    try {
      if (connection.info?.jetstream !== true) throw new Error('JetStream is not enabled there');
      return { version: connection.info.version, minimum: NATS_VERSION_MIN };
    } finally {
      await connection.close();
    }
  });
}

async function checkRedis(url: string): Promise<void> {
  await check('REDIS_URL', url, `Redis ${REDIS_VERSION_MIN} or later`, async () => {
    const redis = new Redis(url, {
      lazyConnect: true,
      connectTimeout: ANSWER_WITHIN_MS,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    let reason: Error | undefined;
    redis.on('error', (error: Error) => (reason = error));
    try {
      await redis.connect();
      return {
        version: /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? '0',
        minimum: REDIS_VERSION_MIN,
      };
    } catch (error) {
      throw reason ?? error;
    } finally {
      redis.disconnect();
    }
  });
}

async function check(
  variable: string,
  url: string,
  wanted: string,
  version: () => Promise<{ version: string; minimum: string }>,
): Promise<void> {
  const where = `${variable} is ${withoutPassword(url)}`;
  let deadline: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    deadline = setTimeout(
      () => reject(new Error(`no answer within ${(ANSWER_WITHIN_MS + 500) / 1000} s`)),
      ANSWER_WITHIN_MS + 500,
    );
  });
  try {
    const found = await Promise.race([version(), late]);
    if (!versionIsAtLeast(found.version, found.minimum))
      throw new Error(`its version is ${found.version}`);
  } catch (error) {
    const hint = `Start it, correct ${variable}, or leave ${variable} unset to have a server started here.`;
    throw new Error(
      `${where}, where no ${wanted} answers: ${messageOf(error) || String(error)}. ${hint}`,
      { cause: error },
    );
  } finally {
    clearTimeout(deadline);
  }
}

function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^:@/]*:)[^@/]*@/g, '$1***@');
}
