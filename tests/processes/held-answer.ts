/**
 * Finds the moment at which a server has answered something, and keeps this answer and all that follows it on the same
 * connection from the client for ever: until the client dies, or the server gives up on it.
 */
import type { Socket } from 'node:net';

/** What the client says, and what the server says after that on the same connection; both as Latin-1. */
export type Exchange = { readonly asked: string; readonly answered: string };

/** What PostgreSQL answers once a `commit` has taken place. */
export const committed = 'C\0\0\0\x0BCOMMIT\0';
/** What it answers when a statement has been given its values, before that statement's rows. */
export const prepared = '2\0\0\0\x04';
/** With which every answer over HTTP begins. */
export const answeredOverHttp = 'HTTP/1.1 ';

/** Looks for a text in what comes in pieces. */
class Ear {
  readonly #text: string;
  #tail = '';
  #hasHeard = false;

  constructor(text: string) {
    this.#text = text;
  }

  hears(chunk: Buffer): boolean {
    const heard = this.#tail + chunk.toString('latin1');
    this.#hasHeard ||= heard.includes(this.#text);
    this.#tail = heard.slice(1 - this.#text.length);
    return this.#hasHeard;
  }
}

type Ears = { readonly asked: Ear; readonly answered: Ear; isAsked: boolean };

export class HeldAnswer {
  /** Resolves when the server has answered. */
  readonly reached: Promise<void>;
  readonly #tellReached: () => void;
  readonly #exchange: Exchange;
  readonly #ears = new WeakMap<Socket, Ears>();
  #held: Socket | undefined;

  constructor(exchange: Exchange) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.reached = promise;
    this.#tellReached = resolve;
    this.#exchange = exchange;
  }

  /** Hears what a client says. */
  asks(client: Socket, chunk: Buffer): void {
    const ears = this.#earsFor(client);
    ears.isAsked = ears.asked.hears(chunk);
  }

  /** Hears what the server says to a client; true if the client must not get it. */
  keeps(client: Socket, chunk: Buffer): boolean {
    if (this.#held && this.#held !== client) return false;
    const ears = this.#earsFor(client);
    if (!this.#held) {
      if (!ears.isAsked || !ears.answered.hears(chunk)) return false;
      this.#held = client;
      this.#tellReached();
    }
    return true;
  }

  #earsFor(client: Socket): Ears {
    const known = this.#ears.get(client);
    if (known) return known;
    const { asked, answered } = this.#exchange;
    const ears = { asked: new Ear(asked), answered: new Ear(answered), isAsked: false };
    this.#ears.set(client, ears);
    return ears;
  }
}
