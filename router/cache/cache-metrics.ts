/** What the caches tell about themselves. */
import { Counter, Gauge, type Registry } from 'prom-client';

export type CacheName = 'response' | 'entity';
/** `away`: Redis did not answer, or something may have been missed. */
export type CacheOutcome = 'hit' | 'miss' | 'away';
/** `doubt`: something may have changed, for all that is known. */
export type InvalidationCause = 'event' | 'mutation' | 'doubt';

export type CacheMetrics = {
  readonly cacheAsked: (cache: CacheName, outcome: CacheOutcome, count?: number) => void;
  readonly cacheInvalidated: (cause: InvalidationCause) => void;
  /** Whether what is kept is given out. */
  readonly cacheSure: (sure: boolean) => void;
};

export function createCacheMetrics(registers: Registry[]): CacheMetrics {
  const requests = new Counter({
    name: 'router_cache_requests_total',
    help: 'Answers and entities that were looked for among those kept.',
    labelNames: ['cache', 'outcome'],
    registers,
  });
  const invalidations = new Counter({
    name: 'router_cache_invalidations_total',
    help: 'How often something kept was ended because what it was made from has changed, or may have.',
    labelNames: ['cause'],
    registers,
  });
  const sure = new Gauge({
    name: 'router_cache_active',
    help: '1 while what is kept is given out, 0 while changes may be missed.',
    registers,
  });
  return {
    cacheAsked: (cache, outcome, count = 1) => requests.inc({ cache, outcome }, count),
    cacheInvalidated: (cause) => invalidations.inc({ cause }),
    cacheSure: (isSure) => sure.set(isSure ? 1 : 0),
  };
}
