import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commandLine, processIdentity, processIsAlive } from './process-table.ts';

const TRIES_MAX = 200;
const RETRY_MS = 10;
/** A process that has just been killed lives on for a moment. */
const HOLDER_MAY_BE_DYING_MS = 500;

/** Another living process works on the data directory. */
export class DataDirectoryInUse extends Error {
  override name = 'DataDirectoryInUse';
  readonly pid: number;

  constructor(dataDir: string, pid: number) {
    super(
      `Process ${pid} already runs Ordergraph on ${dataDir}: stop it (kill ${pid}), or choose another folder with DATA_DIR`,
    );
    this.pid = pid;
  }
}

/**
 * Takes the data directory for this process, making it if need be. The lock is the file
 * `ordergraph.pid`, which holds the pid and nothing else. A lock whose process is dead, or whose
 * pid now belongs to another program, is taken over.
 *
 * @throws DataDirectoryInUse when a living process has it.
 */
export async function lockDataDirectory(dataDir: string): Promise<{ release(): Promise<void> }> {
  await mkdir(dataDir, { recursive: true });
  const lock = lockFile(dataDir);
  const mine = `${lock}.${process.pid}-${crypto.randomUUID()}`;
  await writeFile(mine, `${process.pid}\n`);
  try {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      if (await linked(mine, lock)) {
        await writeFile(
          identityFile(dataDir),
          `${process.pid} ${processIdentity(process.pid) ?? ''}\n`,
        );
        return { release: () => release(dataDir) };
      }
      const holder = await lastingHolder(dataDir);
      if (holder !== undefined) throw new DataDirectoryInUse(dataDir, holder);
      await removeStale(dataDir, mine);
    }
  } finally {
    await rm(mine, { force: true });
  }
  throw new Error(`Could not take the lock ${lock}: other processes keep taking and leaving it`);
}

async function lastingHolder(dataDir: string): Promise<number | undefined> {
  const deadline = performance.now() + HOLDER_MAY_BE_DYING_MS;
  for (;;) {
    const holder = await lockHolder(dataDir);
    if (holder === undefined || holder === process.pid || performance.now() > deadline) {
      return holder;
    }
    await delay(RETRY_MS);
  }
}

/** The pid of the living process that has locked the data directory, if there is one. */
export async function lockHolder(dataDir: string): Promise<number | undefined> {
  const pid = await pidIn(lockFile(dataDir));
  if (pid === undefined || !processIsAlive(pid)) return undefined;
  const [identifiedPid, ...identity] =
    (await contentOf(identityFile(dataDir)))?.trim().split(' ') ?? [];
  if (Number(identifiedPid) === pid)
    return identity.join(' ') === processIdentity(pid) ? pid : undefined;
  // The holder has died, or is at this moment, between making the lock and writing down who it is.
  if (pid === process.pid) return (await madeSinceOurStart(lockFile(dataDir))) ? pid : undefined;
  return /\bnode\b/.test(commandLine(pid) ?? '') ? pid : undefined;
}

/**
 * Removes a lock that was found stale. Of several starts that find it so, one at a time may look
 * again and remove it: a slower one would otherwise remove the lock that a quicker one has made in
 * its place.
 */
async function removeStale(dataDir: string, mine: string): Promise<void> {
  const turn = `${lockFile(dataDir)}.takeover`;
  if (await linked(mine, turn)) {
    try {
      if ((await lockHolder(dataDir)) !== undefined) return;
      await rm(identityFile(dataDir), { force: true });
      await rm(lockFile(dataDir), { force: true });
    } finally {
      await rm(turn, { force: true });
    }
  } else {
    const pid = await pidIn(turn);
    if (pid === undefined || !processIsAlive(pid)) await rm(turn, { force: true });
    await delay(RETRY_MS);
  }
}

async function madeSinceOurStart(file: string): Promise<boolean> {
  const madeAtMs = (await stat(file).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
  return madeAtMs >= performance.timeOrigin;
}

async function release(dataDir: string): Promise<void> {
  if ((await pidIn(lockFile(dataDir))) !== process.pid) return;
  await rm(identityFile(dataDir), { force: true });
  await rm(lockFile(dataDir), { force: true });
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function pidIn(file: string): Promise<number | undefined> {
  const pid = Number((await contentOf(file))?.trim() || Number.NaN);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function lockFile(dataDir: string): string {
  return path.join(dataDir, 'ordergraph.pid');
}

function identityFile(dataDir: string): string {
  return path.join(dataDir, 'ordergraph.pid.identity');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
