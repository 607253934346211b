/**
 * Bounds how many operations are under way, so that a router that is asked for more than it can do does what matters
 * instead of everything too late. Places are shared by importance: operations of one kind come in while less than their
 * part of all places is taken, by whomever. So spare ones are lost first, and the last places are for vital ones alone
 * (as with the criticalities of "Handling Overload" in Google's book on site reliability).
 *
 * | an operation        | a place for its kind is free | none is free              |
 * | ------------------- | ---------------------------- | ------------------------- |
 * | comes               | is in                        | waits                     |
 * | waits, one leaves   | in, if it is its turn        | waits                     |
 * | waits, time is up   | –                            | shed                      |
 * | waits, queue full   | –                            | shed, if it is its turn   |
 * | waits, client gone  | dropped at its turn          | shed when its time is up  |
 *
 * - Waiting is short, to even out bursts; it is refused with SERVICE_UNAVAILABLE and a time to come again.
 * - Turns: the most important kind first, and of one kind the newest. A queue that is not emptied at once means overload,
 *   in which the oldest will be given up by their clients soonest; served in order, everybody would be answered too late.
 * - The queue is bounded by the number of places. One too many costs the oldest of the least important kind its turn.
 *
 * Where places are free, coming in and leaving cost a comparison and an addition.
 */
import { fault } from '@ordergraph/platform/errors.ts';
import type { Abandonment } from '../request.ts';
import type { Importance } from './importance.ts';

export type GateRules = {
  /** Operations under way at once. */
  readonly placesMax: number;
  readonly waitMs: number;
  readonly onShed: (importance: Importance) => void;
};

type Waiting = {
  readonly untilMs: number;
  readonly signal: Abandonment | undefined;
  readonly enter: () => void;
  readonly shed: (reason: Error) => void;
};

const byImportance = ['vital', 'usual', 'spare'] as const;
/** Of all places, how many may be taken when one of this kind comes in. */
const shares: Readonly<Record<Importance, number>> = { vital: 1, usual: 0.8, spare: 0.6 };
/** Not all who were refused shall come again at the same time. */
const retryAfterMaxSeconds = 3;

export class OperationGate {
  readonly #rules: GateRules;
  readonly #places: Readonly<Record<Importance, number>>;
  /** The oldest first. */
  readonly #waiting: Readonly<Record<Importance, Waiting[]>> = { vital: [], usual: [], spare: [] };
  #taken = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(rules: GateRules) {
    this.#rules = rules;
    const places = (share: number) => Math.max(1, Math.floor(rules.placesMax * share));
    const { vital, usual, spare } = shares;
    this.#places = { vital: places(vital), usual: places(usual), spare: places(spare) };
  }

  /**
   * Whoever is in must leave. Undefined if it is in already; otherwise it is when the promise resolves.
   * @throws SERVICE_UNAVAILABLE, as the promise's rejection, if no place was free in time
   */
  enter(importance: Importance, signal: Abandonment | undefined): Promise<void> | undefined {
    if (this.#taken >= this.#places[importance]) return this.#wait(importance, signal);
    this.#taken += 1;
    return undefined;
  }

  leave(): void {
    this.#taken -= 1;
    for (const importance of byImportance) {
      const waiting = this.#waiting[importance];
      while (this.#taken < this.#places[importance]) {
        const newest = waiting.pop();
        if (!newest) break;
        if (newest.signal?.aborted) newest.shed(tooBusy());
        else {
          this.#taken += 1;
          newest.enter();
        }
      }
    }
  }

  #wait(importance: Importance, signal: Abandonment | undefined): Promise<void> {
    const { waitMs, placesMax } = this.#rules;
    return new Promise((enter, shed) => {
      const untilMs = performance.now() + waitMs;
      this.#waiting[importance].push({ untilMs, signal, enter, shed });
      const { vital, usual, spare } = this.#waiting;
      if (waitMs === 0 || vital.length + usual.length + spare.length > placesMax) this.#shedOne();
      if (this.#timer === undefined) this.#timer = setTimeout(() => this.#look(), waitMs);
    });
  }

  /** The oldest of the least important kind. */
  #shedOne(): void {
    const kind = byImportance.findLast((importance) => this.#waiting[importance].length > 0);
    if (kind) this.#shed(kind, 1);
  }

  #look(): void {
    const nowMs = performance.now();
    let nextMs = Infinity;
    for (const importance of byImportance) {
      const waiting = this.#waiting[importance];
      const staying = waiting.findIndex(({ untilMs }) => untilMs > nowMs);
      this.#shed(importance, staying === -1 ? waiting.length : staying);
      nextMs = Math.min(nextMs, waiting[0]?.untilMs ?? Infinity);
    }
    this.#timer = nextMs === Infinity ? undefined : setTimeout(() => this.#look(), nextMs - nowMs);
  }

  #shed(importance: Importance, count: number): void {
    for (const { shed } of this.#waiting[importance].splice(0, count)) {
      this.#rules.onShed(importance);
      shed(tooBusy());
    }
  }
}

function tooBusy(): Error {
  const retryAfterSeconds = 1 + Math.floor(Math.random() * retryAfterMaxSeconds);
  return fault('SERVICE_UNAVAILABLE', 'The service is too busy: try again later.', {
    retryAfterSeconds,
  });
}
