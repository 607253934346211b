/**
 * How many calls to one subgraph may be sent again. Every call that is made allows for a part of a retry, and a few a second
 * are there anyhow, for subgraphs that are seldom asked; what was not used within the window is gone. So a subgraph that
 * fails altogether gets a tenth more of calls from its retries, and never several times as many.
 *
 * The method is that of Finagle's RetryBudget (finagle.github.io/blog/2016/02/08/retry-budgets), and of the chapter on
 * overload in Google's book on site reliability, which bounds retries at a tenth of a client's requests.
 */
import { CountWindow } from './count-window.ts';

const windowMs = 10_000;
/** Allowed in any window beside the share of calls: one a second. */
const retriesAnyhow = 10;

export class RetryBudget {
  readonly #share: number;
  readonly #calls = new CountWindow(windowMs);
  readonly #retries = new CountWindow(windowMs);

  /** @param percent of the calls of the last ten seconds that may be sent again */
  constructor(percent: number) {
    this.#share = percent / 100;
  }

  /** A call is made for the first time. */
  called(nowMs: number): void {
    this.#calls.add(nowMs);
  }

  /** Takes a retry if there is one left. */
  take(nowMs: number): boolean {
    const allowed = retriesAnyhow + this.#share * this.#calls.total(nowMs);
    if (this.#retries.total(nowMs) + 1 > allowed) return false;
    this.#retries.add(nowMs);
    return true;
  }
}
