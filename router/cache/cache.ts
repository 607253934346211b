/**
 * What the router keeps between requests, in Redis, for all routers: answers to public queries, and public entities. They
 * end when a subgraph's `max-age` is over, when an event says that something they were made from has changed, and with a
 * mutation through any of the routers. `versioned-store.ts` tells how nothing old survives that; `freshness.ts`, what happens
 * while changes cannot be heard or passed on.
 */
import { createHash } from 'node:crypto';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { isObjectType } from 'graphql';
import { anyonesSubject } from '@ordergraph/schema/events/streams.ts';
import type { RouterConfig } from '../config.ts';
import type { EntityCache } from '../execution/entity-cache.ts';
import type { Executor } from '../executor.ts';
import { openSpareRedis } from '../redis-calls.ts';
import { schemaRights } from '../rights/schema-rights.ts';
import type { Supergraph } from '../supergraph.ts';
import type { CacheMetrics } from './cache-metrics.ts';
import { ChangingTypes } from './changing-types.ts';
import { createChanges, type Changes } from './changes.ts';
import { listenToEvents, type EventListener } from './event-listener.ts';
import { Freshness } from './freshness.ts';
import { changedTags } from './invalidations.ts';
import type { Keeping } from './keeping.ts';
import { createKeptEntities } from './kept-entities.ts';
import { KeptTypes } from './kept-types.ts';
import { withKeptAnswers } from './response-cache.ts';
import { everything } from './tags.ts';
import { createVersionedStore } from './versioned-store.ts';

export type Cache = {
  /** For one supergraph; the cache outlives it. */
  over(supergraph: Supergraph): SupergraphCache;
  close(): Promise<void>;
};

export type SupergraphCache = {
  readonly entities: EntityCache;
  /** Gives answers that are kept in place of the executor's. */
  answering(executor: Executor): Executor;
};

export type CacheParts = {
  readonly secret: string;
  readonly metrics: CacheMetrics;
  readonly logger: Logger;
};

const patienceMs = 50;

/** Undefined where nothing is kept. */
export function openCache(config: RouterConfig, parts: CacheParts): Cache | undefined {
  const { REDIS_URL: url, CACHE, CACHE_INVALIDATIONS: invalidations } = config;
  if (url === undefined || CACHE === 'off') return undefined;
  const { secret, metrics, logger } = parts;
  const redis = openSpareRedis({ url, timeoutMs: patienceMs, purpose: 'kept answers', logger });
  const store = createVersionedStore({ redis, secret, entryBytesMax: config.CACHE_ENTRY_BYTES });
  let listener: EventListener | undefined;
  const freshness = new Freshness({
    renew: () => store.renew([everything]),
    listens: () => listener?.isListening ?? true,
    onChange: metrics.cacheSure,
  });
  const changes = createChanges({ store, freshness, metrics });
  // It may come back as it was some time ago.
  redis.onLost(() => freshness.doubt());
  listener = listenerFor(config, { changes, freshness, logger });
  const keeping: Keeping = {
    store,
    freshness,
    changes,
    keptTypes: new KeptTypes(changes),
    invalidations,
    metrics,
  };
  return {
    over(supergraph) {
      const unknown = Object.values(invalidations).filter(
        ({ type }) => !isObjectType(supergraph.schema.getType(type)),
      );
      if (unknown.length > 0) {
        const types = unknown.map(({ type }) => type);
        logger.warn(
          { types },
          'CACHE_INVALIDATIONS names what is no object type of the supergraph',
        );
      }
      return supergraphCache(supergraph, keeping);
    },
    async close() {
      freshness.close();
      await listener?.close();
      redis.close();
    },
  };
}

function listenerFor(
  config: RouterConfig,
  parts: { readonly changes: Changes; readonly freshness: Freshness; readonly logger: Logger },
): EventListener | undefined {
  const { NATS_URL: url, NATS_PREFIX: prefix, CACHE_INVALIDATIONS: invalidations } = config;
  const bySubject = new Map(
    Object.entries(invalidations).map(([type, change]) => [anyonesSubject(prefix, type), change]),
  );
  if (url === undefined || bySubject.size === 0) return undefined;
  const { changes, freshness, logger } = parts;
  return listenToEvents({
    url,
    subjects: [...bySubject.keys()],
    onEvent(subject, payload) {
      const change = bySubject.get(subject);
      if (change) void changes.tell(changedTags(change, payload), 'event');
    },
    onListening: () => freshness.doubt(),
    onDeaf: () => freshness.doubt(),
    logger,
  });
}

function supergraphCache(supergraph: Supergraph, keeping: Keeping): SupergraphCache {
  const own = {
    ...keeping,
    id: createHash('sha256').update(identityOf(supergraph)).digest('base64url'),
    changing: new ChangingTypes(
      supergraph,
      Object.values(keeping.invalidations).map(({ type }) => type),
    ),
    source: { schema: supergraph.schema, rights: schemaRights(supergraph.federation.schema) },
  };
  return {
    entities: createKeptEntities(own),
    answering: (executor) => withKeptAnswers(executor, supergraph.apiSchema, own),
  };
}

/** Answers of other schemas, and of other places, are other answers. */
function identityOf({ sdl, subgraphs }: Supergraph): string {
  const places = subgraphs.map(({ name, url }) => [name, url.href]);
  return `${JSON.stringify(places)}\n${sdl}`;
}
