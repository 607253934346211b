export type StreamsOptions = {
  readonly clients: number;
  /** How many of them stop reading. */
  readonly stalled: number;
  readonly rounds: number;
  /** For how long changes are made at a steady rate, in seconds. */
  readonly latencyS: number;
  readonly progress: (line: string) => void;
};
