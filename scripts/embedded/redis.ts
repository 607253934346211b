import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { answers } from './answers.ts';
import { backingServer, type BackingServer } from './backing-server.ts';
import { stopOrphans } from './orphans.ts';
import { ProgramMissing } from './program-missing.ts';
import {
  messageOf,
  programAt,
  programOnPath,
  unpackedOnce,
  versionIsAtLeast,
  type Program,
} from './programs.ts';

const run = promisify(execFile);
export const REDIS_VERSION_MIN = '7';

/** Finds or unpacks redis-server. */
export async function redisProgram(
  programsDir: string,
  log: (line: string) => void,
): Promise<Program> {
  const refused: string[] = [];
  if (process.platform === 'linux') {
    try {
      const directory = await unpackedOnce(programsDir, 'redis', async (unfinished) => {
        await unpackDebianPackages(unfinished);
        const { version } = await programIn(unfinished);
        if (!versionIsAtLeast(version, REDIS_VERSION_MIN))
          throw new Error(`they hold ${version}, older than ${REDIS_VERSION_MIN}`);
        log(`Redis ${version} unpacked`);
      });
      return await programIn(directory);
    } catch (error) {
      refused.push(`Debian packages: ${messageOf(error)}`);
    }
  }
  const onPath = await programOnPath('redis-server', REDIS_VERSION_MIN, refused);
  if (onPath) return onPath;
  throw new ProgramMissing(`Redis ${REDIS_VERSION_MIN} or later`, refused, {
    variable: 'REDIS_URL',
    url: 'redis://127.0.0.1:6379',
    brew: 'redis',
    apt: 'sudo apt-get install -y redis-server  # Debian 12, Ubuntu 24.04 and later',
  });
}

/** The Redis server of a data directory, not yet started. */
export function redisServer(options: {
  program: Program;
  dataDir: string;
  log: (line: string) => void;
}): BackingServer {
  const { program, dataDir, log } = options;
  const directory = path.join(dataDir, 'redis');
  const configFile = path.join(directory, 'redis.conf');
  return backingServer(
    {
      name: `Redis ${program.version}`,
      readyWithinMs: 10_000,
      // Another Redis may have taken the port; ours tells itself from it by its pid.
      isReady: (port, pid) => answers(port, 'INFO server\r\n', `process_id:${pid}\r`),
      async command(port) {
        await stopOrphans({ program: 'redis-server', directory, stopSignal: 'SIGTERM', log });
        await mkdir(directory, { recursive: true });
        await writeFile(configFile, configuration(port, directory));
        return {
          name: 'Redis',
          program: program.file,
          args: [configFile],
          env: program.env,
          stopSignal: 'TERM',
          logFile: path.join(dataDir, 'logs', 'redis.log'),
        };
      },
    },
    log,
  );
}

/**
 * Nothing in Redis is the truth, so nothing goes to disk, and a full memory evicts what was used
 * least recently rather than refuse writes: a cached answer or a rate-limit bucket nobody has
 * touched for long is the cheapest thing to lose.
 */
function configuration(port: number, directory: string): string {
  return `# Written at every start.
bind 127.0.0.1
port ${port}
dir ${JSON.stringify(directory)}
daemonize no
save ""
appendonly no
maxmemory 256mb
maxmemory-policy allkeys-lru
# An orphan is found by its command line, which Redis would otherwise rewrite.
proc-title-template "{title} {config-file}"
`;
}

async function programIn(directory: string): Promise<Program> {
  const libraries = path.join(directory, 'usr', 'lib');
  const folders = (await readdir(libraries))
    .filter((name) => name.includes('-linux-gnu'))
    .map((name) => path.join(libraries, name));
  return programAt(path.join(directory, 'usr', 'bin', 'redis-server'), {
    env: { LD_LIBRARY_PATH: folders.join(':') },
  });
}

/**
 * Debian's and Ubuntu's own packages, unpacked beside the system and not into it. apt checks them
 * against the distribution's signature, which is why no checksum is pinned: a point release
 * replaces them.
 */
async function unpackDebianPackages(directory: string): Promise<void> {
  const downloads = await mkdtemp(path.join(tmpdir(), 'ordergraph-redis-'));
  try {
    await download(downloads).catch(async () => {
      // The machine's package lists are missing or out of date: fetch lists of our own, which takes
      // no rights.
      await mkdir(path.join(downloads, 'lists', 'partial'), { recursive: true });
      const own = [
        '-o',
        `Dir::State::lists=${downloads}/lists`,
        '-o',
        `Dir::Cache=${downloads}/cache`,
      ];
      await run('apt-get', [...AS_OURSELVES, ...own, 'update'], {
        cwd: downloads,
        timeout: 120_000,
      });
      await download(downloads, own);
    });
    for (const file of (await readdir(downloads)).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg-deb', ['-x', path.join(downloads, file), directory]);
    }
  } finally {
    await rm(downloads, { recursive: true, force: true });
  }
}

/** As root, apt would fetch as its user `_apt`, who may not write into our folder. */
const AS_OURSELVES = ['-o', 'APT::Sandbox::User=root'];

async function download(folder: string, options: string[] = []): Promise<void> {
  const { stdout } = await run(
    'apt-cache',
    [...options, 'depends', 'redis-server', 'redis-tools'],
    { cwd: folder, timeout: 60_000 },
  );
  // The libraries' names differ from release to release. The C library must stay the system's.
  const libraries = [...stdout.matchAll(/^\s*(?:Pre)?Depends: (lib[a-z0-9.+-]+)$/gm)]
    .map((match) => match[1] ?? '')
    .filter((name) => name !== 'libc6');
  await run(
    'apt-get',
    [...AS_OURSELVES, ...options, 'download', 'redis-server', 'redis-tools', ...new Set(libraries)],
    { cwd: folder, timeout: 120_000 },
  );
}
