/** Where and on what a run was made: without it a figure says little. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

export type Machine = {
  readonly description: string;
  readonly commit: string;
};

export function thisMachine(): Machine {
  const [cpu] = cpus();
  const memoryGiB = (totalmem() / 2 ** 30).toFixed(0);
  return {
    description: `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${memoryGiB} GiB, ${type()} ${release()}, Node ${process.version}`,
    commit: commit(),
  };
}

/** How many processes wanted a processor in the last minute; above the number of processors they waited for it. */
export function loadNow(): number {
  return loadavg()[0] ?? 0;
}

/** What a reader must know of a run that began while the machine was at other work already. */
export function busyWarning(loadBefore: number): string | undefined {
  if (loadBefore < cpus().length / 2) return undefined;
  return 'The machine was busy with other work: rates are lower, times and CPU time higher than on a calm one; ratios, formed within a round, hold.';
}

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
    const changed =
      git('status', '--porcelain', '--untracked-files=no', '--', '..') === ''
        ? ''
        : ', with changes';
    return `${git('rev-parse', '--short', 'HEAD')}${changed}`;
  } catch {
    return 'unknown';
  }
}
