import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { stopOrphans } from './orphans.ts';
import { versionIsAtLeast, type Program } from './programs.ts';
import { startServer } from './server-process.ts';
import { commandAs, giveTo, ids, type ServerUser } from './server-user.ts';

/** A made cluster: its data directory, and the password of its superuser `postgres`. */
export type Cluster = { directory: string; password: string };

type ClusterOptions = {
  program: Program;
  user: ServerUser;
  dataDir: string;
  ephemeral: boolean;
  log: (line: string) => void;
};

/**
 * The cluster in `${dataDir}/postgres`, made if there is none. It is made in another folder and
 * then renamed, together with its password: one that was killed while being made is never taken for
 * a whole one, and is removed.
 */
export async function preparedCluster(options: ClusterOptions): Promise<Cluster> {
  const home = path.join(options.dataDir, 'postgres');
  await removeUnfinished(options);
  if (!existsSync(home)) await makeCluster(home, options);
  const directory = path.join(home, 'cluster');
  const password = (await readOwn(path.join(home, 'password'))).trim();
  await giveTo(options.user, home);
  const major = (await readOwn(path.join(directory, 'PG_VERSION'))).trim();
  if (options.program.version.split('.')[0] !== major) {
    throw new Error(
      `${home} was made by PostgreSQL ${major}, which PostgreSQL ${options.program.version} can not read: remove that folder to begin anew, or dump and restore`,
    );
  }
  return { directory, password };
}

/**
 * Makes sure that no process of an earlier run works on the cluster, neither a server nor a child
 * that has outlived its server. After that a postmaster.pid can only be a leftover; its pid may
 * meanwhile be another program's, for which Postgres would not start.
 */
export async function clearLeftovers(cluster: Cluster, log: (line: string) => void): Promise<void> {
  const { directory } = cluster;
  await stopOrphans({ program: 'postgres', directory, stopSignal: 'SIGINT', log });
  await rm(path.join(directory, 'postmaster.pid'), { force: true });
}

async function makeCluster(home: string, options: ClusterOptions): Promise<void> {
  const unfinished = `${home}.unfinished-${crypto.randomUUID()}`;
  const passwordFile = path.join(unfinished, 'password');
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  await giveTo(options.user, unfinished);
  const [program = '', ...args] = commandAs(options.user, [
    path.join(path.dirname(options.program.file), 'initdb'),
    `--pgdata=${path.join(unfinished, 'cluster')}`,
    `--pwfile=${passwordFile}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-instructions',
    ...localeArguments(options.program.version),
    ...(options.ephemeral ? ['--no-sync'] : []),
  ]);
  const logFile = path.join(options.dataDir, 'logs', 'initdb.log');
  const initdb = await startServer({
    name: 'initdb',
    program,
    args,
    stopSignal: 'TERM',
    logFile,
    ...ids(options.user),
  });
  const how = await initdb.ended;
  if (how !== 'exit code 0')
    throw new Error(
      `PostgreSQL's initdb failed (${how}). The last lines of its log:\n${initdb.lastLines()}`,
    );
  await rename(unfinished, home);
}

/**
 * The same order of text and the same upper and lower case on every machine, with no library's
 * version to care about.
 */
function localeArguments(version: string): string[] {
  return versionIsAtLeast(version, '17')
    ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    : ['--locale=C'];
}

async function removeUnfinished({ dataDir, log }: ClusterOptions): Promise<void> {
  const unfinished = (await readdir(dataDir)).filter((name) =>
    name.startsWith('postgres.unfinished-'),
  );
  for (const name of unfinished) {
    const directory = path.join(dataDir, name);
    await stopOrphans({ program: 'initdb', directory, stopSignal: 'SIGTERM', log });
    await stopOrphans({ program: 'postgres', directory, stopSignal: 'SIGINT', log });
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

async function readOwn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(
      `${file} can not be read: start as the user who made it, or remove ${path.dirname(file)} to begin anew`,
      { cause: error },
    );
  }
}
