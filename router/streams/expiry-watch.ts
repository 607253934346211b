/**
 * Tells when time is up, for many at once: by the second, with one timer for all, as a timer each would cost more than the
 * rest of a quiet stream's watching.
 */

/** The longest delay that a timer takes, in milliseconds; what lies further off is looked at again then. */
const timerMaxMs = 2 ** 31 - 1;

export class ExpiryWatch<T> {
  readonly #expired: (one: T) => void;
  /** By the second at whose end the time is up. */
  readonly #bySecond = new Map<number, Set<T>>();
  #timer: NodeJS.Timeout | undefined;
  #timerSecond = Infinity;

  constructor(expired: (one: T) => void) {
    this.#expired = expired;
  }

  /** @param atMs epoch milliseconds, or null for never */
  watch(one: T, atMs: number | null): void {
    if (atMs === null) return;
    const second = secondOf(atMs);
    const known = this.#bySecond.get(second);
    if (known) known.add(one);
    else this.#bySecond.set(second, new Set([one]));
    if (second < this.#timerSecond) this.#setTimer(second);
  }

  /** @param atMs as it was given to `watch` */
  forget(one: T, atMs: number | null): void {
    if (atMs === null) return;
    const second = secondOf(atMs);
    const known = this.#bySecond.get(second);
    known?.delete(one);
    if (known?.size === 0) this.#bySecond.delete(second);
    if (this.#bySecond.size === 0) this.#setTimer(Infinity);
  }

  #setTimer(second: number): void {
    clearTimeout(this.#timer);
    this.#timerSecond = second;
    if (second === Infinity) return;
    const delayMs = Math.max(0, second * 1_000 - Date.now());
    this.#timer = setTimeout(() => this.#look(), Math.min(delayMs, timerMaxMs));
  }

  #look(): void {
    const nowMs = Date.now();
    for (const [second, due] of this.#bySecond) {
      if (second * 1_000 > nowMs) continue;
      this.#bySecond.delete(second);
      for (const one of due) this.#expired(one);
    }
    this.#setTimer(Math.min(...this.#bySecond.keys()));
  }
}

function secondOf(atMs: number): number {
  return Math.ceil(atMs / 1_000);
}
