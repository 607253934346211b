/** Ends what is kept of what has changed, and doubts everything where that cannot be told to Redis. */
import type { CacheMetrics, InvalidationCause } from './cache-metrics.ts';
import type { Freshness } from './freshness.ts';
import type { Tag } from './tags.ts';
import type { VersionedStore } from './versioned-store.ts';

export type Changes = {
  /** Resolves when nobody is given any more what was there before; never rejects. */
  tell(tags: readonly Tag[], cause: InvalidationCause): Promise<void>;
};

export function createChanges(parts: {
  readonly store: VersionedStore;
  readonly freshness: Freshness;
  readonly metrics: CacheMetrics;
}): Changes {
  const { store, freshness, metrics } = parts;
  return {
    async tell(tags, cause) {
      metrics.cacheInvalidated(cause);
      if (!(await store.renew(tags))) freshness.doubt();
    },
  };
}
