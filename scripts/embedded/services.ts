import path from 'node:path';
import type { BackingServer } from './backing-server.ts';
import { lockDataDirectory, lockHolder } from './data-directory.ts';
import { natsProgram, natsServer, wipeNats } from './nats.ts';
import { postgresProgram } from './postgres-program.ts';
import { postgresServer } from './postgres.ts';
import { explanation, ProgramMissing } from './program-missing.ts';
import { messageOf } from './programs.ts';
import { redisProgram, redisServer } from './redis.ts';
import { prepareServerFolders, removeIfEmpty, removeServerFolders } from './server-folders.ts';
import { unprivilegedUser } from './server-user.ts';

export type BackingServices = {
  /** A superuser's URL, to the database `postgres`. */
  databaseUrl: string;
  natsUrl: string;
  redisUrl: string;
  /** The servers we run at this moment. */
  pids: { postgres?: number; nats?: number; redis?: number };
  /** Stops what was started, and nothing else. May be called more than once. */
  stop(): Promise<void>;
  /**
   * For fault tests: kills the server and starts it on the same port; with `wipe`, its streams and
   * consumers are gone.
   */
  restartNats(options?: { wipe?: boolean }): Promise<void>;
  /** For fault tests: stops the server in good order. */
  stopNats(): Promise<void>;
  /** Starts it again on the same port. */
  startNats(): Promise<void>;
  /** For fault tests: kills the server and starts it, empty, on the same port. */
  restartRedis(): Promise<void>;
  /**
   * For fault tests: kills the server and starts it on the same port, where it recovers what was
   * committed.
   */
  restartPostgres(): Promise<void>;
};

export type BackingServicesOptions = {
  /** Absolute. The servers' data goes to postgres, nats and redis in it, what they say to logs. */
  dataDir: string;
  /** Absolute. Where the servers' programs are unpacked; by default `${dataDir}/bin`. */
  programsDir?: string;
  /** A server to use in place of one started here. */
  databaseUrl?: string;
  natsUrl?: string;
  redisUrl?: string;
  /** For tests: nothing need survive power loss, and all data is removed at `stop`. */
  ephemeral?: boolean;
  /** Whether a server that ends by itself is started again. */
  keepRunning?: boolean;
  log: (line: string) => void;
};

/**
 * PostgreSQL, NATS with JetStream and Redis, ready for use: those whose URLs are given are only
 * checked, the others are started on free ports of 127.0.0.1. They end with this process, however
 * that ends.
 *
 * @throws one error that says what to do, when a given server can not be reached within 5 s, a
 *   program can not be had, a server does not start, or another process uses the data directory.
 *   What was started is stopped then.
 */
export async function startBackingServices(
  options: BackingServicesOptions,
): Promise<BackingServices> {
  if ((options.databaseUrl ?? options.natsUrl ?? options.redisUrl) !== undefined) {
    // The clients' libraries are loaded only if there is something to check.
    await (await import('./reachable.ts')).checkGivenServers(options);
  }
  const dataDir = await prepareServerFolders(options.dataDir);
  const { programsDir = path.join(dataDir, 'bin'), ephemeral = false } = options;
  const ownLock =
    (await lockHolder(dataDir)) === process.pid ? undefined : await lockDataDirectory(dataDir);
  const context: Context = { ...options, dataDir, programsDir, ephemeral, started: [] };
  try {
    const [postgres, nats, redis] = await allOrOneError([
      startPostgres(context),
      startNats(context),
      startRedis(context),
    ]);
    return backingServices(context, {
      postgres,
      nats,
      redis,
      release: async () => ownLock?.release(),
    });
  } catch (error) {
    await Promise.all(context.started.map((server) => server.stop()));
    await ownLock?.release();
    throw error;
  }
}

type Context = BackingServicesOptions & {
  programsDir: string;
  ephemeral: boolean;
  started: BackingServer[];
};
/** A server that can be used: ours, or, without `server`, somebody else's. */
type Usable = { url: string; server?: BackingServer };

async function startPostgres(context: Context): Promise<Usable> {
  if (context.databaseUrl !== undefined) return { url: context.databaseUrl };
  const user = await unprivilegedUser(context.dataDir);
  const program = await postgresProgram(context.programsDir, user, context.log);
  const postgres = await postgresServer({ ...context, program, user });
  const server = await start(context, postgres.server);
  return { url: postgres.url(), server };
}

async function startNats(context: Context): Promise<Usable> {
  if (context.natsUrl !== undefined) return { url: context.natsUrl };
  const program = await natsProgram(context.programsDir, context.log);
  const server = await start(context, natsServer({ ...context, program }));
  return { url: `nats://127.0.0.1:${server.port()}`, server };
}

async function startRedis(context: Context): Promise<Usable> {
  if (context.redisUrl !== undefined) return { url: context.redisUrl };
  const program = await redisProgram(context.programsDir, context.log);
  const server = await start(context, redisServer({ ...context, program }));
  return { url: `redis://127.0.0.1:${server.port()}`, server };
}

async function start(context: Context, server: BackingServer): Promise<BackingServer> {
  await server.start();
  if (context.keepRunning) server.keep();
  context.started.push(server);
  return server;
}

function backingServices(
  context: Context,
  parts: { postgres: Usable; nats: Usable; redis: Usable; release(): Promise<void> },
): BackingServices {
  const { postgres, nats, redis } = parts;
  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    await Promise.all(context.started.map((server) => server.stop()));
    if (context.ephemeral) await removeServerFolders(context.dataDir);
    await parts.release();
    if (context.ephemeral) await removeIfEmpty(context.dataDir);
  }
  return {
    databaseUrl: postgres.url,
    natsUrl: nats.url,
    redisUrl: redis.url,
    get pids() {
      const running = {
        postgres: postgres.server?.pid(),
        nats: nats.server?.pid(),
        redis: redis.server?.pid(),
      };
      return Object.fromEntries(Object.entries(running).filter(([, pid]) => pid !== undefined));
    },
    stop: () => (stopped ??= stop()),
    async restartNats({ wipe = false } = {}) {
      await ours(nats).crash();
      if (wipe) await wipeNats(context.dataDir);
      await ours(nats).start();
    },
    stopNats: async () => ours(nats).stop(),
    startNats: async () => ours(nats).start(),
    restartRedis: async () => restart(ours(redis)),
    restartPostgres: async () => restart(ours(postgres)),
  };
}

async function restart(server: BackingServer): Promise<void> {
  await server.crash();
  await server.start();
}

function ours({ url, server }: Usable): BackingServer {
  if (!server)
    throw new Error(
      `${new URL(url).host} was not started here, so it can not be stopped or restarted here`,
    );
  return server;
}

/**
 * Waits for all of them, so that none is still starting when the others are stopped. Several
 * failures are told together.
 */
async function allOrOneError(
  starts: [Promise<Usable>, Promise<Usable>, Promise<Usable>],
): Promise<[Usable, Usable, Usable]> {
  const failures = (await Promise.allSettled(starts))
    .filter((result) => result.status === 'rejected')
    .map(({ reason }): unknown => reason);
  const missing = failures.filter((failure) => failure instanceof ProgramMissing);
  const others = failures.filter((failure) => !(failure instanceof ProgramMissing)).map(messageOf);
  if (failures.length > 1) {
    const explained = missing.length > 0 ? [explanation(missing)] : [];
    throw new AggregateError(failures, [...others, ...explained].join('\n\n'));
  }
  return Promise.all(starts);
}
