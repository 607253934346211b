/**
 * How often something happened lately: a ring of counts, each for a part of the time, of which the oldest falls out as time
 * goes on. Counting costs an addition, whatever the length of the window.
 */
const partsInWindow = 10;

export class CountWindow {
  readonly #partMs: number;
  readonly #counts = Array.from({ length: partsInWindow }, () => 0);
  #total = 0;
  /** The part of all time that is being counted. */
  #part = 0;

  constructor(windowMs: number) {
    this.#partMs = windowMs / partsInWindow;
  }

  add(nowMs: number): void {
    this.#moveTo(nowMs);
    const place = this.#part % partsInWindow;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.#total += 1;
  }

  total(nowMs: number): number {
    this.#moveTo(nowMs);
    return this.#total;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** A clock that goes back counts in the present part. */
  #moveTo(nowMs: number): void {
    const part = Math.floor(nowMs / this.#partMs);
    if (part <= this.#part) return;
    if (part - this.#part >= partsInWindow) this.clear();
    else {
      for (let passed = this.#part + 1; passed <= part; passed += 1) {
        const place = passed % partsInWindow;
        this.#total -= this.#counts[place] ?? 0;
        this.#counts[place] = 0;
      }
    }
    this.#part = part;
  }
}
