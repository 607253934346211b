/** Shows how far a replay is: a bar on a terminal, a line now and then elsewhere. */
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import type { ReplayProgress } from './run.ts';

const lineEveryMs = 5_000;

export function progressOn(output: NodeJS.WriteStream): ReplayProgress & { done(): void } {
  return output.isTTY ? bars(output) : lines(output);
}

function bars(output: NodeJS.WriteStream): ReplayProgress & { done(): void } {
  const all = new MultiBar(
    {
      stream: output,
      format: '{name} {bar} {value} of {total} · {eta_formatted} left',
      hideCursor: true,
      etaBuffer: 200,
    },
    Presets.shades_classic,
  );
  const shown = new Map<string, SingleBar>();
  const update = (name: string, done: number, total: number): void => {
    const bar = shown.get(name) ?? all.create(total, 0, { name });
    shown.set(name, bar);
    bar.update(done, { name });
  };
  return {
    say: (line) => all.log(`${line}\n`),
    stocked: (done, total) => update('stocking', done, total),
    arrived: (done, total) => update('orders  ', done, total),
    done: () => all.stop(),
  };
}

function lines(output: NodeJS.WriteStream): ReplayProgress & { done(): void } {
  let nextAtMs = performance.now() + lineEveryMs;
  const say = (line: string): void => void output.write(`${line}\n`);
  const update = (words: string, done: number, total: number): void => {
    if (performance.now() < nextAtMs && done < total) return;
    nextAtMs = performance.now() + lineEveryMs;
    say(`${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${words}`);
  };
  return {
    say,
    stocked: (done, total) => update('changes of catalogue and stock booked', done, total),
    arrived: (done, total) => update('orders arrived', done, total),
    done: () => undefined,
  };
}
