/** A doorbell: whoever waits is woken by the next ring, or after a time; a ring while nobody waits is not lost. */
export class Signal {
  #rung = false;
  #wake: (() => void) | undefined;

  /** Wakes the waiter, or the next one. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, at once if there was one since the last wait, or after `timeoutMs`. One waiter only. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}

/** Exponential back-off without jitter: `firstMs`, doubled per try, at most `maxMs`. Tries count from 1. */
export function backOffMs(tries: number, firstMs: number, maxMs: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(30, Math.max(0, tries - 1)));
}
