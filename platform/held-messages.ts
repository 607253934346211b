/**
 * The messages that a consumer's instance was given and has neither acknowledged nor given back.
 *
 * The server delivers a message again when it has heard nothing of it for the acknowledgement wait. That is kept short,
 * so that what a killed or frozen process held is soon with another; and what is held for longer by one that lives, in a
 * slow batch or waiting behind one, is prolonged by a sign of life. Signs are only sent of messages that were already
 * here two looks ago, a look being a quarter of the wait: a consumer that keeps up sends none, and a slow one at most
 * `max_ack_pending` a look. Whoever made no step for twelve waits, say with a connection that went silent, sends no more
 * signs, and others get the messages. Being wrong about any of this costs a repeated delivery, which the inbox drops.
 */
import type { JsMsg } from '@nats-io/jetstream';

const looksPerWait = 4;
const stuckAfterWaits = 12;

export class HeldMessages {
  readonly #waitMs: number;
  /** By stream sequence, so that one delivered again replaces its earlier self; at most `max_ack_pending`. */
  readonly #waiting = new Map<number, JsMsg>();
  #inHand: readonly JsMsg[] = [];
  /** Those that were here at an earlier look. */
  readonly #seen = new WeakSet<JsMsg>();
  #stepAtMs = performance.now();

  /** @param waitMs the server's wait for an acknowledgement, in milliseconds */
  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  arrived(message: JsMsg): void {
    this.#waiting.set(message.seq, message);
  }

  /** Takes waiting messages in hand in the order of the stream, at most `max`; those taken before are dealt with. */
  take(max = Infinity): readonly JsMsg[] {
    const batch = [...this.#waiting.values()].toSorted((a, b) => a.seq - b.seq).slice(0, max);
    for (const message of batch) this.#waiting.delete(message.seq);
    this.#inHand = batch;
    this.stepped();
    return batch;
  }

  /** Notes that the work goes on. */
  stepped(): void {
    this.#stepAtMs = performance.now();
  }

  /** Looks at the messages again and again, and prolongs those that are held for long. Ends with the returned function. */
  prolong(isConnected: () => boolean): () => void {
    const timer = setInterval(() => {
      const stuck = performance.now() - this.#stepAtMs > stuckAfterWaits * this.#waitMs;
      if (!stuck && isConnected()) this.#look();
    }, this.#waitMs / looksPerWait);
    return () => clearInterval(timer);
  }

  #look(): void {
    for (const message of [...this.#inHand, ...this.#waiting.values()]) {
      // For one that is acknowledged or given back by now this does nothing.
      if (this.#seen.has(message)) message.working();
      else this.#seen.add(message);
    }
  }
}
