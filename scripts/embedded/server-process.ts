import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A server under a watchdog. What may happen, and who ends the server then:
 * - We stop it: a signal to its pid, later a harder one; then the watchdog is told that it may go.
 * - We are killed with no chance to act (kill -9, out of memory, a closed terminal): the pipe
 *   between
 *   us and the watchdog closes, and the watchdog stops the server.
 * - The terminal's Ctrl-C: reaches us alone, since the server runs in a session of its own; the
 *   order
 *   of stopping is ours.
 *
 * The watchdog is forked before the server's program replaces the shell, so no moment is left
 * unwatched, and it is a grandchild, since Postgres takes the end of an unknown child for a crash.
 */
const UNDER_WATCHDOG = `
signal=$1; shift
( (
  exec >/dev/null 2>&1 </dev/null
  read -r word <&3 && exit 0
  kill -s "$signal" $$
  waited=0
  while kill -0 $$; do
    waited=$((waited + 1))
    if [ "$waited" -eq 100 ]; then kill -s KILL $$; fi
    if [ "$waited" -gt 150 ]; then exit 0; fi
    sleep 0.1
  done
) & )
exec "$@" 3<&-
`;

const LOG_BYTES_MAX = 10 * 1024 * 1024;
const LOG_LINES_SHOWN = 15;
const POLL_MS = 10;
/** Postgres writes all that is in its memory to disk before it ends. */
const STOP_GRACE_MS = 30_000;

type StopSignal = 'INT' | 'QUIT' | 'TERM' | 'KILL';

export type ServerCommand = {
  /** What people call it, as in "PostgreSQL 18.4". */
  name: string;
  program: string;
  args: string[];
  /** The signal that asks this server to end in good order. */
  stopSignal: 'INT' | 'TERM';
  logFile: string;
  env?: Record<string, string>;
  uid?: number | undefined;
  gid?: number | undefined;
};

export type ServerProcess = {
  pid: number;
  /**
   * Resolves once the process has ended, with the manner of it: "exit code 1", "signal SIGKILL".
   */
  ended: Promise<string>;
  hasEnded(): boolean;
  /**
   * From now on the server does not keep this process from ending; when it does end, the watchdog
   * stops the server.
   */
  letParentEnd(): void;
  /** What this run has written to its log, its last lines. */
  lastLines(): string;
  /**
   * Sends the signal (by default the one for good order), then SIGKILL if that takes too long, and
   * waits for the end.
   */
  stop(signal?: StopSignal): Promise<void>;
};

/**
 * Starts a server in a session of its own, under a watchdog. It is not ready yet: see `untilReady`.
 */
export async function startServer(command: ServerCommand): Promise<ServerProcess> {
  const logStart = rotatedLogSize(command.logFile);
  const log = openSync(command.logFile, 'a');
  const child = spawn(
    '/bin/sh',
    ['-c', UNDER_WATCHDOG, 'sh', command.stopSignal, command.program, ...command.args],
    {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
      env: { PATH: process.env['PATH'], LANG: 'C', LC_ALL: 'C', TZ: 'UTC', ...command.env },
      ...(command.uid === undefined ? {} : { uid: command.uid, gid: command.gid ?? command.uid }),
    },
  );
  closeSync(log);
  const ended = endOf(child);
  if (child.pid === undefined)
    throw new Error(`${command.name} could not be started: ${await ended}`);
  return serverProcess({ child, pid: child.pid, ended, command, logStart });
}

/**
 * Waits until the server answers. `isReady` is asked every few milliseconds and may throw.
 *
 * @throws ServerFailedToStart when the server ends first, or is not ready within `timeoutMs` (it is
 *   stopped then).
 */
export async function untilReady(
  server: ServerProcess,
  options: { name: string; isReady: () => Promise<boolean>; timeoutMs: number },
): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  while (!server.hasEnded()) {
    if (await options.isReady().catch(() => false)) return server.letParentEnd();
    if (performance.now() > deadline) {
      const lastLines = server.lastLines();
      await server.stop('KILL');
      throw new ServerFailedToStart(
        options.name,
        `was not ready after ${options.timeoutMs / 1000} s`,
        lastLines,
      );
    }
    await delay(POLL_MS);
  }
  throw new ServerFailedToStart(
    options.name,
    `ended while starting (${await server.ended})`,
    server.lastLines(),
  );
}

export class ServerFailedToStart extends Error {
  override name = 'ServerFailedToStart';
  readonly portWasTaken: boolean;

  constructor(server: string, what: string, lastLines: string) {
    super(`${server} ${what}. The last lines of its log:\n${lastLines || '(it wrote nothing)'}`);
    this.portWasTaken = /address already in use/i.test(lastLines);
  }
}

function serverProcess(parts: {
  child: ChildProcess;
  pid: number;
  ended: Promise<string>;
  command: ServerCommand;
  logStart: number;
}): ServerProcess {
  const { child, pid, ended, command, logStart } = parts;
  const leash = child.stdio[3];
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid,
    ended,
    hasEnded,
    letParentEnd() {
      child.unref();
      if (leash instanceof Socket) leash.unref();
    },
    lastLines: () =>
      readFileSync(command.logFile)
        .subarray(logStart)
        .toString()
        .trimEnd()
        .split('\n')
        .slice(-LOG_LINES_SHOWN)
        .join('\n'),
    async stop(signal = command.stopSignal) {
      child.ref();
      if (!hasEnded()) sendSignal(pid, signal);
      const kill = setTimeout(() => hasEnded() || sendSignal(pid, 'KILL'), STOP_GRACE_MS);
      await ended;
      clearTimeout(kill);
    },
  };
}

function endOf(child: ChildProcess): Promise<string> {
  const leash = child.stdio[3];
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      if (leash instanceof Socket) leash.on('error', () => undefined).end('ended\n');
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
}

function sendSignal(pid: number, signal: StopSignal): void {
  try {
    process.kill(pid, `SIG${signal}`);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/**
 * Where the next run's lines begin. A log that has grown long is put aside first, in place of the
 * one put aside before.
 */
function rotatedLogSize(logFile: string): number {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size < LOG_BYTES_MAX) return size;
  renameSync(logFile, `${logFile}.1`);
  return 0;
}
