/** What a benchmark is. */
import type { Section } from './report.ts';

export type BenchOptions = {
  /** Orders in the largest measurement; the others are sized by it. */
  readonly orders: number;
  /** How often each measurement is taken, interleaved with those it is compared with. */
  readonly rounds: number;
  /** Tells what is being done, for whoever waits. */
  readonly progress: (line: string) => void;
};

export type Scenario = {
  readonly name: string;
  /** One line for the usage. */
  readonly about: string;
  run(options: BenchOptions): Promise<readonly Section[]>;
};
