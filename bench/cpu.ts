/** CPU time of processes, from the kernel's own books. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

/** The kernel reports in ticks of 10 ms on every platform Node runs on. */
const msPerTick = 10;

/** CPU time, in ms, that each process and all its descendants have used up to now. */
export function cpuTimesMs<K extends string>(
  pids: Readonly<Record<K, number>>,
): Record<K, number> | undefined {
  if (process.platform !== 'linux') return undefined;
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)));
  const roots = new Map<number, K>();
  for (const name in pids) roots.set(pids[name], name);
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const times = Object.fromEntries(Object.keys(pids).map((name) => [name, 0])) as Record<K, number>;
  for (const { pid, cpuMs } of processes) {
    // A database started by a service's process is counted as itself, not once more as its parent.
    let at: number | undefined = pid;
    while (at !== undefined && at > 1 && !roots.has(at)) at = parents.get(at);
    const owner = at === undefined ? undefined : roots.get(at);
    if (owner !== undefined) times[owner] += cpuMs;
  }
  return times;
}

function readStat(pid: number): { pid: number; parent: number; cpuMs: number }[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold anything; fields are counted behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0);
    return [{ pid, parent: Number(fields[1]), cpuMs: ticks * msPerTick }];
  } catch {
    return [];
  }
}
