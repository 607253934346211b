/**
 * Keeps calls away from a subgraph that is failing, so that nobody waits for what will not come, and it has the quiet to
 * come back. It is a pure machine: the time comes in as a value.
 *
 * | state     | a call asks                  | it ends well | it fails              | it says nothing | its time goes by |
 * | --------- | ---------------------------- | ------------ | --------------------- | --------------- | ---------------- |
 * | closed    | goes                         | counted      | counted; perhaps open | –               | counts get old   |
 * | open      | is refused                   | –            | –                     | –               | next: half-open  |
 * | half-open | goes, as the probe           | –            | –                     | –               | –                |
 * | probing   | is refused                   | closed       | open                  | half-open       | –                |
 *
 * - Perhaps open: of at least `callsMin` calls within the window, `failurePercent` or more have failed.
 * - Half-open is seen when a call asks after the time: that call is the probe. From outside, probing is half-open too.
 * - Only calls that went in the present state move it, and in probing only the probe: what was sent before tells of another
 *   time. So a call's end needs the pass that it went with. A probe always ends, as every call does by its time-out; one
 *   that says nothing (its caller went away) gives its place to the next call.
 */
import type { BreakerState } from './calling.ts';
import { CountWindow } from './count-window.ts';

export type BreakerRules = {
  readonly windowMs: number;
  /** Calls within the window below which nothing is concluded. */
  readonly callsMin: number;
  readonly failurePercent: number;
  /** How long it stays open. */
  readonly openMs: number;
};

export type CallEnd = 'good' | 'failed' | 'nothing';

/** Of a call that went; undefined for one that is refused. */
export type Pass = number;

type State = 'closed' | 'open' | 'half-open' | 'probing';

export class CircuitBreaker {
  readonly #rules: BreakerRules;
  readonly #calls: CountWindow;
  readonly #failures: CountWindow;
  #state: State = 'closed';
  /** The pass of calls that move the present state. */
  #pass: Pass = 0;
  #openUntilMs = 0;

  constructor(rules: BreakerRules) {
    this.#rules = rules;
    this.#calls = new CountWindow(rules.windowMs);
    this.#failures = new CountWindow(rules.windowMs);
  }

  get state(): BreakerState {
    return this.#state === 'probing' ? 'half-open' : this.#state;
  }

  /** A call asks whether it may go. */
  ask(nowMs: number): Pass | undefined {
    if (this.#state === 'open' && nowMs >= this.#openUntilMs) this.#become('half-open');
    switch (this.#state) {
      case 'closed':
        return this.#pass;
      case 'half-open':
        this.#become('probing');
        return this.#pass;
      case 'open':
      case 'probing':
        return undefined;
    }
  }

  /** A call that went has ended. */
  ended(pass: Pass, end: CallEnd, nowMs: number): void {
    if (pass !== this.#pass) return;
    if (this.#state === 'closed') this.#count(end, nowMs);
    else if (end === 'nothing') this.#become('half-open');
    else if (end === 'good') this.#close();
    else this.#open(nowMs);
  }

  #count(end: CallEnd, nowMs: number): void {
    if (end === 'nothing') return;
    this.#calls.add(nowMs);
    if (end === 'good') return;
    this.#failures.add(nowMs);
    const calls = this.#calls.total(nowMs);
    const { callsMin, failurePercent } = this.#rules;
    if (calls < callsMin) return;
    if (this.#failures.total(nowMs) * 100 >= calls * failurePercent) this.#open(nowMs);
  }

  #open(nowMs: number): void {
    this.#openUntilMs = nowMs + this.#rules.openMs;
    this.#become('open');
  }

  #close(): void {
    this.#calls.clear();
    this.#failures.clear();
    this.#become('closed');
  }

  #become(state: State): void {
    this.#state = state;
    this.#pass += 1;
  }
}
