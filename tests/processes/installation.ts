/** An installation on this machine, as `npm start` makes it: one process with all services, and the servers it starts. */
import { randomInt } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { signDevelopmentToken } from '@ordergraph/scripts/development-token.ts';
import { processesWorkingOn } from '@ordergraph/scripts/embedded/process-table.ts';
import { runningServices } from '@ordergraph/scripts/running-services.ts';
import { loadSecrets } from '@ordergraph/scripts/secrets.ts';
import { serviceDatabaseUrls } from '@ordergraph/scripts/service-databases.ts';
import type { StackPorts } from '@ordergraph/scripts/stack.ts';
import { refuseTakenPorts, startPorts } from '@ordergraph/scripts/start-ports.ts';
import type { Doorway } from '../storefront.ts';
import { runProgram, type RunningProgram } from './running-program.ts';

export type Installation = Doorway & {
  readonly program: RunningProgram;
  readonly dataDir: string;
  /** The process that holds the data directory, as its file says. */
  lockHolder(): Promise<number>;
  /** The URL of the orders' database, which moves with every start. */
  ordersUrl(): Promise<string>;
  /** The servers' processes, and those that would stop them if the program died. */
  servers(): number[];
  watchdogs(): number[];
  /** Stops it and removes its files. */
  remove(): Promise<void>;
};

const unpackedPrograms = fileURLToPath(new URL('../../.data/bin', import.meta.url));
const prefix = 'ordergraph';

/** Makes an installation and starts it. `environment` is what the person who starts it has set. */
export async function install(environment: Record<string, string>): Promise<Installation> {
  const home = await mkdtemp(join(tmpdir(), 'ordergraph-installation-'));
  // PostgreSQL does not run as root, but as a user who must be able to come here.
  await chmod(home, 0o755);
  const dataDir = join(home, 'data');
  await mkdir(dataDir);
  await symlink(unpackedPrograms, join(dataDir, 'bin'));
  const { router, order } = await freeBlockOfPorts();
  const origin = `http://127.0.0.1:${router}`;
  const program = await runProgram({
    name: 'start',
    file: fileURLToPath(new URL('../../scripts/start.ts', import.meta.url)),
    environment: {
      ...environment,
      DATA_DIR: dataDir,
      PORT: String(router),
      SERVICES_PORT: String(order),
    },
    readyUrl: `${origin}/health/ready`,
    logsDir: home,
  });
  const folders = {
    postgres: join(dataDir, 'postgres', 'cluster'),
    'nats-server': join(dataDir, 'nats'),
    'redis-server': join(dataDir, 'redis'),
  };
  return {
    program,
    dataDir,
    url: `${origin}/graphql`,
    token: async (claims) =>
      signDevelopmentToken(await loadSecrets(dataDir), {
        subject: 'alice',
        role: 'customer',
        scopes: [],
        ...claims,
      }),
    lockHolder: async () => Number(await readFile(join(dataDir, 'ordergraph.pid'), 'utf8')),
    async ordersUrl() {
      const { databaseUrl } = await runningServices(dataDir, {});
      const { internalSecret: secret } = await loadSecrets(dataDir);
      return serviceDatabaseUrls(databaseUrl, { prefix, secret }).order;
    },
    servers: () => Object.entries(folders).flatMap(([name, folder]) => pidsOf(name, folder)),
    watchdogs: () => Object.values(folders).flatMap((folder) => pidsOf('sh', folder)),
    async remove() {
      await program.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Those started on a folder; the sessions of PostgreSQL, which come and go, do not name it. */
function pidsOf(program: string, folder: string): number[] {
  return processesWorkingOn(program, folder)
    .filter(({ namesDirectory }) => namesDirectory)
    .map(({ pid }) => pid);
}

/** Below the ports from which the servers of an installation, and other tests, take theirs. */
async function freeBlockOfPorts(): Promise<StackPorts> {
  for (;;) {
    const router = 10_000 + 50 * randomInt(190);
    const ports = startPorts({ PORT: String(router), SERVICES_PORT: String(router + 1) });
    const areFree = await refuseTakenPorts(ports).then(
      () => true,
      () => false,
    );
    if (areFree) return ports;
  }
}
