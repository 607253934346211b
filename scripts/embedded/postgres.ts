import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { backingServer, type BackingServer } from './backing-server.ts';
import { clearLeftovers, preparedCluster, type Cluster } from './postgres-cluster.ts';
import type { Program } from './programs.ts';
import { commandAs, ids, type ServerUser } from './server-user.ts';

/**
 * For two cores shared with all the services: modest memory, and no more durability given up than
 * the mode allows.
 */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  effective_cache_size: '1GB',
  random_page_cost: '1.1',
  // Compiling a plan costs more than any of our short queries saves by it.
  jit: 'off',
  max_parallel_workers_per_gather: '1',
  // Large, seldom and spread checkpoints: full-page images, which follow each checkpoint, are the
  // most of the log.
  wal_compression: 'on',
  max_wal_size: '2GB',
  min_wal_size: '256MB',
  checkpoint_timeout: '15min',
  // Outbox and inbox tables turn over fast, and their dead rows slow the polling queries.
  autovacuum_naptime: '10s',
  idle_in_transaction_session_timeout: '30s',
  log_line_prefix: '%m [%p] %d ',
  log_lock_waits: 'on',
  log_min_duration_statement: '1s',
  // No personal data in a log: neither a slow statement's values, nor the row that broke a rule.
  log_parameter_max_length: '0',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/**
 * Tests do not outlive power loss, but some of them kill the server: what it has committed must be
 * with the operating system, so synchronous_commit and full_page_writes stay on.
 */
const EPHEMERAL_SETTINGS = { fsync: 'off', max_wal_size: '1GB', shared_buffers: '128MB' };

export type PostgresOptions = {
  program: Program;
  user: ServerUser;
  dataDir: string;
  ephemeral: boolean;
  log: (line: string) => void;
};

/** The PostgreSQL server of a data directory, not yet started, and how to reach it as superuser. */
export async function postgresServer(
  options: PostgresOptions,
): Promise<{ server: BackingServer; url(): string }> {
  const { program, user, dataDir, log } = options;
  const cluster = await preparedCluster(options);
  const settings = Object.entries({
    ...SETTINGS,
    ...(options.ephemeral ? EPHEMERAL_SETTINGS : {}),
  });
  const server = backingServer(
    {
      name: `PostgreSQL ${program.version}`,
      // Recovery after a crash replays up to max_wal_size.
      readyWithinMs: 120_000,
      isReady: (_port, pid) => isReady(cluster, pid),
      async command(port) {
        await clearLeftovers(cluster, log);
        const [file = '', ...args] = commandAs(user, [
          program.file,
          '-D',
          cluster.directory,
          '-p',
          String(port),
          ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
        ]);
        return {
          name: 'PostgreSQL',
          program: file,
          args,
          stopSignal: 'INT',
          logFile: path.join(dataDir, 'logs', 'postgres.log'),
          ...ids(user),
        };
      },
    },
    log,
  );
  return {
    server,
    url: () => `postgres://postgres:${cluster.password}@127.0.0.1:${server.port()}/postgres`,
  };
}

/**
 * The server writes its pid into the first line of postmaster.pid, and "ready" into the eighth once
 * it takes connections.
 */
async function isReady(cluster: Cluster, pid: number): Promise<boolean> {
  const lines = (await readFile(path.join(cluster.directory, 'postmaster.pid'), 'utf8')).split(
    '\n',
  );
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}
