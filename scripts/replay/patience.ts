/**
 * What to do while the server does not answer: say so once, try again with growing pauses, say when it is back, and
 * give up a piece of work that has failed for longer than one is willing to wait. Every piece of work can be repeated:
 * commands carry idempotency keys and streams a cursor.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { backOffMs } from '@ordergraph/platform/signal.ts';

/** Something did not work for as long as one was willing to wait. */
export class OutOfPatience extends Error {
  constructor(reason: string) {
    super(`Gave up waiting: ${reason}`);
  }
}

const firstPauseMs = 50;
const longestPauseMs = 2_000;

export class Patience {
  readonly patienceMs: number;
  readonly #say: (line: string) => void;
  #lostAtMs: number | undefined;
  #isGivenUp = false;

  constructor(options: { patienceMs: number; say: (line: string) => void }) {
    this.patienceMs = options.patienceMs;
    this.#say = options.say;
  }

  /** A piece of work with a clock of its own. */
  attempt(): Attempt {
    return new Attempt(this);
  }

  /** Ends all attempts at their next failure. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  noteSuccess(): void {
    if (this.#lostAtMs === undefined) return;
    const lostS = (performance.now() - this.#lostAtMs) / 1_000;
    this.#lostAtMs = undefined;
    this.#say(`The server answers again after ${lostS.toFixed(1)} s; going on.`);
  }

  noteFailure(reason: string): void {
    if (this.#lostAtMs !== undefined || this.#isGivenUp) return;
    this.#lostAtMs = performance.now();
    const forS = Math.round(this.patienceMs / 1_000);
    this.#say(`The server does not answer (${reason}); trying again for ${forS} s.`);
  }
}

export class Attempt {
  readonly #patience: Patience;
  #failingSinceMs: number | undefined;
  #failures = 0;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  worked(): void {
    this.#failingSinceMs = undefined;
    this.#failures = 0;
    this.#patience.noteSuccess();
  }

  /**
   * Waits before the next try.
   * @throws OutOfPatience when this piece of work has failed for too long
   */
  async failed(reason: string): Promise<void> {
    const nowMs = performance.now();
    this.#failures += 1;
    this.#patience.noteFailure(reason);
    await this.#wait(nowMs, reason);
  }

  /** Waits likewise for something the server does not have yet, though it answers. */
  async notYet(reason: string): Promise<void> {
    const nowMs = performance.now();
    this.#failures += 1;
    await this.#wait(nowMs, reason);
  }

  async #wait(nowMs: number, reason: string): Promise<void> {
    this.#failingSinceMs ??= nowMs;
    if (this.#patience.isGivenUp || nowMs - this.#failingSinceMs >= this.#patience.patienceMs) {
      throw new OutOfPatience(reason);
    }
    await pause(backOffMs(this.#failures, firstPauseMs, longestPauseMs));
  }
}
