import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, constants, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ABANDONED_AFTER_MS = 10 * 60_000;

/**
 * A server program that can be run here: its version as it says itself, and what its environment
 * must hold.
 */
export type Program = { file: string; version: string; env: Record<string, string> };

/**
 * The folder `${programsDir}/${name}`, filled by `fill` if it is not there yet. Any number of
 * processes may ask at once.
 */
export async function unpackedOnce(
  programsDir: string,
  name: string,
  fill: (directory: string) => Promise<void>,
): Promise<string> {
  const directory = path.join(programsDir, name);
  if (existsSync(directory)) return directory;
  await mkdir(programsDir, { recursive: true });
  await removeAbandoned(programsDir);
  const unfinished = path.join(programsDir, `.unpacking-${crypto.randomUUID()}`);
  await mkdir(unfinished);
  try {
    await fill(unfinished);
    await rename(unfinished, directory).catch((error: unknown) => {
      // Another process was quicker, and its folder is as good as ours.
      if (!existsSync(directory)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return directory;
}

/** @throws when the file's sha512 (in base64, as npm writes it) is another one. */
export async function checkSha512(file: string, expected: string): Promise<void> {
  const actual = createHash('sha512')
    .update(await readFile(file))
    .digest('base64');
  if (actual !== expected)
    throw new Error(
      `${path.basename(file)} has the checksum sha512-${actual}, expected sha512-${expected}`,
    );
}

/**
 * The version in what a program prints for `--version`: "18.4" of "postgres (PostgreSQL) 18.4
 * (Debian 18.4-1)".
 */
export function versionIn(text: string): string | undefined {
  return /(?:^|[\s:=v])v?(\d+(?:\.\d+)+|\d+(?=devel|beta|rc))/.exec(text)?.[1];
}

/** Whether `version` is at least `minimum`, part by part: "2.10" is newer than "2.9". */
export function versionIsAtLeast(version: string, minimum: string): boolean {
  const actual = version.split('.').map(Number);
  for (const [index, wanted] of minimum.split('.').map(Number).entries()) {
    const part = actual[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

/** Runs `file --version`. */
export async function programAt(
  file: string,
  options: { env?: Record<string, string>; spawn?: { uid?: number; gid?: number } } = {},
): Promise<Program> {
  const env = options.env ?? {};
  const { stdout } = await run(file, ['--version'], {
    cwd: '/',
    env: { ...process.env, ...env },
    timeout: 10_000,
    ...options.spawn,
  });
  const version = versionIn(stdout);
  if (version === undefined)
    throw new Error(`${file} --version does not tell a version: ${stdout.trim()}`);
  return { file, version, env };
}

/**
 * The first program of that name, in `PATH` or `moreFolders`, that is new enough; what was passed
 * over is added to `refused`.
 */
export async function programOnPath(
  name: string,
  minimum: string,
  refused: string[],
  moreFolders: string[] = [],
): Promise<Program | undefined> {
  for (const folder of [...(process.env['PATH'] ?? '').split(path.delimiter), ...moreFolders]) {
    const file = path.join(folder, name);
    if (!path.isAbsolute(file) || !(await isExecutable(file))) continue;
    try {
      const program = await programAt(file);
      if (versionIsAtLeast(program.version, minimum)) return program;
      refused.push(`${file} is ${program.version}, older than ${minimum}`);
    } catch (error) {
      refused.push(`${file} does not run: ${messageOf(error)}`);
    }
  }
  return undefined;
}

/** What an error says; one that only gathers others, as of a host with several addresses, says theirs. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join(', ');
  }
  return error instanceof Error ? error.message.trim() : String(error);
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** A process that was killed while unpacking has left its folder. */
async function removeAbandoned(programsDir: string): Promise<void> {
  for (const name of (await readdir(programsDir)).filter((entry) =>
    entry.startsWith('.unpacking-'),
  )) {
    const folder = path.join(programsDir, name);
    const ageMs = Date.now() - (await stat(folder).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (ageMs > ABANDONED_AFTER_MS) await rm(folder, { recursive: true, force: true });
  }
}
