/** What the two caches share: where things are kept, and what is known of the supergraph. */
import type { CacheMetrics } from './cache-metrics.ts';
import type { ChangingTypes } from './changing-types.ts';
import type { Changes } from './changes.ts';
import type { FetchedTypesSource } from './fetched-types.ts';
import type { Freshness } from './freshness.ts';
import type { Invalidations } from './invalidations.ts';
import type { KeptTypes } from './kept-types.ts';
import type { VersionedStore } from './versioned-store.ts';

export type Keeping = {
  readonly store: VersionedStore;
  readonly freshness: Freshness;
  readonly changes: Changes;
  readonly keptTypes: KeptTypes;
  readonly invalidations: Invalidations;
  readonly metrics: CacheMetrics;
};

export type SupergraphKeeping = Keeping & {
  /** Of this supergraph and no other. */
  readonly id: string;
  readonly changing: ChangingTypes;
  readonly source: FetchedTypesSource;
};

/** How often in a row an answer may turn out to be not for everybody before nobody looks for it any more. */
const disappointmentsMax = 16;

/** Whether something is worth looking for: it was for everybody once, and not too seldom since. */
export class Prospect {
  #disappointments = 0;

  get isGood(): boolean {
    return this.#disappointments < disappointmentsMax;
  }

  fetched(publicForMs: number | undefined): void {
    this.#disappointments = publicForMs === undefined ? this.#disappointments + 1 : 0;
  }
}
