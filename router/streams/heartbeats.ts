/**
 * Shows many connections' peers that they live, each once in an interval: in turns, so that ten thousand do not beat in the
 * same moment, and by one timer, which runs only while there is somebody to beat for.
 */

export type Beating = { beat(): void };

const turns = 16;

export class Heartbeats {
  readonly #turnMs: number;
  readonly #members: Set<Beating>[] = Array.from({ length: turns }, () => new Set());
  #turn = 0;
  #nextPlace = 0;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(intervalMs: number) {
    this.#turnMs = Math.max(1, intervalMs / turns);
  }

  /** Gives the function that takes it out again. */
  add(member: Beating): () => void {
    this.#nextPlace = (this.#nextPlace + 1) % turns;
    const place = this.#members[this.#nextPlace];
    place?.add(member);
    this.#count += 1;
    this.#timer ??= setInterval(() => this.#beat(), this.#turnMs).unref();
    return () => {
      if (!place?.delete(member)) return;
      this.#count -= 1;
      if (this.#count > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #beat(): void {
    this.#turn = (this.#turn + 1) % turns;
    for (const member of this.#members[this.#turn] ?? []) member.beat();
  }
}
