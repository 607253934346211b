/**
 * Whether everything that changed has been heard of: only then anything kept may be given out. The states:
 *
 * | state  | means                                                 | leaves it when                                          |
 * | ------ | ----------------------------------------------------- | ------------------------------------------------------- |
 * | sure   | all changes reach Redis                               | a doubt is told: a connection lost, a change not passed on |
 * | unsure | something may have been missed; nothing is looked up  | all that is kept has been ended, with nothing new to doubt meanwhile |
 *
 * It begins unsure: nobody may have listened before. While nobody listens it stays so. A router that is unsure answers from
 * the subgraphs; what others keep is as good as they are sure of it.
 */
export type FreshnessParts = {
  /** Ends all that is kept; false if that may not have happened. */
  readonly renew: () => Promise<boolean>;
  /** Whether changes are being heard. */
  readonly listens: () => boolean;
  readonly onChange: (sure: boolean) => void;
};

/** How often an unsure one tries to become sure, in milliseconds. */
const retryMs = 100;

export class Freshness {
  readonly #parts: FreshnessParts;
  #doubts = 0;
  #isSure = false;
  #timer: NodeJS.Timeout | undefined;
  #isSettling = false;
  #isClosed = false;

  constructor(parts: FreshnessParts) {
    this.#parts = parts;
    this.#settleLater();
  }

  get isSure(): boolean {
    return this.#isSure;
  }

  /** Something may have changed without our knowing. */
  doubt(): void {
    this.#doubts += 1;
    if (this.#isSure) {
      this.#isSure = false;
      this.#parts.onChange(false);
    }
    this.#settleLater();
  }

  close(): void {
    this.#isClosed = true;
    this.#isSure = false;
    clearTimeout(this.#timer);
  }

  #settleLater(): void {
    if (this.#timer !== undefined || this.#isSettling || this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#settle(), retryMs).unref();
  }

  async #settle(): Promise<void> {
    this.#timer = undefined;
    this.#isSettling = true;
    const doubts = this.#doubts;
    const isSettled = this.#parts.listens() && (await this.#parts.renew());
    this.#isSettling = false;
    if (this.#isClosed) return;
    if (!isSettled || doubts !== this.#doubts || !this.#parts.listens()) return this.#settleLater();
    this.#isSure = true;
    this.#parts.onChange(true);
  }
}
