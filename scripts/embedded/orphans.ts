import { setTimeout as delay } from 'node:timers/promises';
import { processesWorkingOn } from './process-table.ts';

const GRACE_MS = 10_000;
const GIVE_UP_MS = 15_000;
const POLL_MS = 20;

export type Orphans = {
  /** The program's name, as the kernel has it. */
  program: string;
  directory: string;
  stopSignal: 'SIGINT' | 'SIGTERM';
  log: (line: string) => void;
};

/**
 * Stops the servers of a program that still work on a directory of ours, and waits until they and
 * their children are gone. The caller holds the data directory's lock, so they can only be orphans:
 * of a start that was killed together with its watchdogs, or whose watchdogs are stopping them now.
 */
export async function stopOrphans(orphans: Orphans): Promise<void> {
  const { program, directory } = orphans;
  const began = performance.now();
  const told = new Set<number>();
  for (;;) {
    const found = processesWorkingOn(program, directory);
    if (found.length === 0) return;
    const waitedMs = performance.now() - began;
    const pids = found.map(({ pid }) => pid).join(', ');
    if (waitedMs > GIVE_UP_MS) {
      throw new Error(`${program} ${pids} works on ${directory} and can not be stopped`);
    }
    for (const { pid, namesDirectory } of found) {
      if (waitedMs > GRACE_MS) send(pid, 'SIGKILL');
      else if (namesDirectory && !told.has(pid)) {
        orphans.log(`stopping ${program} ${pid}, which an earlier run has left on ${directory}`);
        send(pid, orphans.stopSignal);
        told.add(pid);
      }
    }
    await delay(POLL_MS);
  }
}

function send(pid: number, signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
