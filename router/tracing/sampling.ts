/**
 * Which traces are recorded. One that begins here is, with a configured probability. One that a caller began follows what
 * its flags say, so that traces are whole or not there at all:
 *
 * | the caller's trace is | recorded here                                                       |
 * | --------------------- | ------------------------------------------------------------------- |
 * | not recorded          | no                                                                  |
 * | recorded              | yes, for so many of all callers in a second; else as if it began here |
 *
 * Anybody can set that flag, and choose the trace's id: without a bound, strangers would decide how much is recorded and
 * sent. So the bound is for all of them together, and the probability does not look at the id.
 */
import { take, type BucketState } from '../rate-limit/token-bucket.ts';
import { isSampled, type Trace } from '../trace.ts';

export type SamplingOptions = {
  /** 0 to 1 */
  readonly ratio: number;
  /** Traces recorded because callers ask for it. */
  readonly callersPerSecond: number;
};

export class Sampling {
  readonly #options: SamplingOptions;
  #bucket: BucketState | undefined;

  constructor(options: SamplingOptions) {
    this.#options = options;
  }

  /** @param chance 0 to 1, evenly distributed */
  records(trace: Trace, nowMs: number, chance: number): boolean {
    if (trace.callerSpanId !== undefined) {
      if (!isSampled(trace)) return false;
      if (this.#takesOne(nowMs)) return true;
    }
    return chance < this.#options.ratio;
  }

  #takesOne(nowMs: number): boolean {
    const { callersPerSecond } = this.#options;
    if (callersPerSecond === 0) return false;
    const plan = { capacity: callersPerSecond, refillPerSecond: callersPerSecond };
    const { bucket, taken } = take(this.#bucket, { plan, order: { settle: 0, ask: 1 }, nowMs });
    this.#bucket = bucket;
    return taken.admitted;
  }
}
