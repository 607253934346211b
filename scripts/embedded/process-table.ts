import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';

const PROC = '/proc';
const onLinux = process.platform === 'linux';

/**
 * Whether the process runs. A zombie, which only waits for its parent to take note of its end, does
 * not.
 */
export function processIsAlive(pid: number): boolean {
  const state = onLinux ? statFields(pid)?.[0] : ps(pid, 'stat')?.[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/**
 * A text that tells this process from every other one that has had, or will have, the same pid: on
 * Linux the boot's id and the start in ticks since boot, which no clock change moves; elsewhere the
 * start time as `ps` prints it.
 */
export function processIdentity(pid: number): string | undefined {
  if (!onLinux) return ps(pid, 'lstart');
  const startTicks = statFields(pid)?.[19];
  return startTicks === undefined
    ? undefined
    : `${readFileSync(`${PROC}/sys/kernel/random/boot_id`, 'utf8').trim()}:${startTicks}`;
}

/** The process's command line, its arguments parted by NUL on Linux and by spaces elsewhere. */
export function commandLine(pid: number): string | undefined {
  return onLinux ? readOrUndefined(`${PROC}/${pid}/cmdline`) : ps(pid, 'command');
}

/** A process at work on a directory; a server that names it in its command line, or a child's. */
export type WorkingProcess = { pid: number; namesDirectory: boolean };

/**
 * The living processes of `program` that work on `directory`: their command line names it or a file
 * in it, or (on Linux) it is their working directory. The program's name is the kernel's, so a
 * person's editor or `tail` on such a file is left out, and so is a watchdog, whose command line
 * repeats that of the server it watches.
 */
export function processesWorkingOn(program: string, directory: string): WorkingProcess[] {
  return candidates(directory)
    .filter((pid) => programName(pid) === program && processIsAlive(pid))
    .map((pid) => ({ pid, namesDirectory: names(commandLine(pid) ?? '', directory) }))
    .filter(({ pid, namesDirectory }) => namesDirectory || workingDirectory(pid) === directory);
}

function candidates(directory: string): number[] {
  if (onLinux) return readdirSync(PROC).map(Number).filter(Number.isSafeInteger);
  const all = execFileSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.includes(directory)).map((line) => Number.parseInt(line, 10));
}

/** Redis writes its command line anew, as one text: this looks for whole paths, not arguments. */
function names(line: string, directory: string): boolean {
  const text = ` ${line.replaceAll('\0', ' ')} `;
  return [' ', '='].some((before) =>
    [' ', '/'].some((after) => text.includes(`${before}${directory}${after}`)),
  );
}

function programName(pid: number): string | undefined {
  const stat = onLinux ? readOrUndefined(`${PROC}/${pid}/stat`) : undefined;
  return onLinux
    ? stat?.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
    : path.basename(ps(pid, 'comm') ?? '');
}

function workingDirectory(pid: number): string | undefined {
  try {
    return onLinux ? readlinkSync(`${PROC}/${pid}/cwd`) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The fields of /proc/<pid>/stat from the state on; the program's name before them may hold spaces
 * and brackets.
 */
function statFields(pid: number): string[] | undefined {
  const stat = readOrUndefined(`${PROC}/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function ps(pid: number, column: string): string | undefined {
  try {
    return (
      execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}
