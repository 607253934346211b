/**
 * All that is subscribed to at one subgraph by the same text, with the same variables, for the same caller: its runs, which
 * differ in nothing but their place. They become one as soon as that can be proved:
 *
 * - A reader joins a run whose subscription has not been sent yet: it gets all that a run of its own would bring.
 * - A reader that continues behind a cursor joins a run that stands there.
 * - Any other reader begins a run of its own, for its first event may be one that nobody else gets, a snapshot for
 *   example. When two runs have come to the same cursor, what follows is the same for both; from there on one serves the
 *   streams of both.
 *
 * Runs whose events have no cursor therefore stay apart.
 */
import type { UpstreamRun } from './upstream-run.ts';

export class Topic {
  // Nearly always it is one: the customer's own order, on one device.
  readonly #runs: UpstreamRun[] = [];
  readonly #onEmpty: () => void;
  #at: Map<string, UpstreamRun> | undefined;

  /** @param onEmpty called when its last run is over */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  /** A run that brings all that one begun now behind this cursor, or without any, would bring. */
  joinable(position: string | undefined): UpstreamRun | undefined {
    return this.#runs.find(
      (run) => run.position === position && (run.isNew || (position !== undefined && !run.isAway)),
    );
  }

  add(run: UpstreamRun): void {
    this.#runs.push(run);
    if (run.position !== undefined && this.#at?.has(run.position) === false) {
      this.#at.set(run.position, run);
    }
  }

  remove(run: UpstreamRun): void {
    const index = this.#runs.indexOf(run);
    if (index >= 0) this.#runs.splice(index, 1);
    if (this.#runs.length === 0) this.#onEmpty();
    if (this.#runs.length < 2) this.#at = undefined;
    else if (run.position !== undefined && this.#at?.get(run.position) === run) {
      this.#at.delete(run.position);
    }
  }

  /** A run has come to a new place; perhaps another is there already. */
  moved(run: UpstreamRun, from: string | undefined): void {
    if (this.#runs.length < 2 || run.position === undefined) return;
    const at = (this.#at ??= this.#placesOfOthers(run));
    if (from !== undefined && at.get(from) === run) at.delete(from);
    const other = at.get(run.position);
    at.set(run.position, run);
    if (!other || other === run) return;
    // The one that came first stays, for there will be more joining it, but not if it is away.
    if (other.isAway) return run.takeOver(other);
    at.set(run.position, other);
    other.takeOver(run);
  }

  #placesOfOthers(moved: UpstreamRun): Map<string, UpstreamRun> {
    const places = new Map<string, UpstreamRun>();
    for (const run of this.#runs) {
      if (run === moved || run.position === undefined || places.has(run.position)) continue;
      places.set(run.position, run);
    }
    return places;
  }
}
