/**
 * All that depends on one supergraph. A router has a current generation, which takes what comes; one that was replaced
 * finishes what it began, and is then closed.
 */
import type { Logger } from '@ordergraph/platform/logger.ts';
import type { Admission } from './admission.ts';
import type { RouterConfig } from './config.ts';
import { admissionTo } from './configured-admission.ts';
import type { Cache } from './cache/cache.ts';
import type { EntityCache } from './execution/entity-cache.ts';
import type { Executor } from './executor.ts';
import { createOperations, type Operations } from './operations.ts';
import type { PlanObserver } from './planning/observed-planning.ts';
import { createPlanner } from './planning/planner.ts';
import type { RateLimiter } from './rate-limit/rate-limiter.ts';
import type { SharedReads } from './shared-reads.ts';
import type { SubgraphConnection, SubgraphConnections } from './subgraph-connections.ts';
import type { SubgraphClient } from './subgraph-requests.ts';
import type { Supergraph } from './supergraph.ts';

export type GenerationParts = {
  readonly config: RouterConfig;
  readonly connections: SubgraphConnections;
  readonly limiter: RateLimiter | undefined;
  readonly reads: SharedReads;
  /** Undefined where nothing is kept. */
  readonly cache: Cache | undefined;
  readonly createExecutor: (parts: {
    readonly supergraph: Supergraph;
    readonly subgraphs: readonly SubgraphClient[];
    readonly entities: EntityCache | undefined;
    readonly logger: Logger;
  }) => Executor;
  readonly plans: PlanObserver;
  readonly logger: Logger;
};

export class Generation {
  readonly supergraph: Supergraph;
  readonly admission: Admission;
  readonly operations: Operations;
  /** For queries and mutations. */
  readonly executor: Executor;
  /** For what belongs to events of streams. */
  readonly streamExecutor: Executor;
  /** By the subgraph's name. */
  readonly connections: ReadonlyMap<string, SubgraphConnection>;
  readonly #close: () => Promise<void>;
  #uses = 0;
  #closed: PromiseWithResolvers<void> | undefined;

  constructor(supergraph: Supergraph, parts: GenerationParts) {
    const { config, connections, limiter, reads, cache, createExecutor, plans, logger } = parts;
    const own = config.EXECUTOR === 'own';
    const production = config.NODE_ENV === 'production';
    // What may fail comes before what would have to be closed again.
    this.admission = admissionTo(supergraph, config, { limiter, logger });
    const kept = cache?.over(supergraph);
    const taken = new Map(supergraph.subgraphs.map((one) => [one.name, connections.take(one)]));
    const executorOver = (subgraphs: readonly SubgraphClient[], entities?: EntityCache): Executor =>
      createExecutor({ supergraph, subgraphs, entities, logger });
    const planner = createPlanner({
      sdl: supergraph.sdl,
      timeoutMs: config.PLANNING_TIMEOUT_MS,
      exact: !own,
    });
    this.supergraph = supergraph;
    this.connections = taken;
    this.operations = createOperations({
      schema: supergraph.apiSchema,
      planner,
      specialise: own,
      limits: config.OPERATION_LIMITS,
      introspection: config.INTROSPECTION ?? !production,
      suggestions: !production,
      observer: plans,
    });
    const clients = [...taken.values()].map(({ client }) => client);
    const fetching = executorOver(clients, kept?.entities);
    const executor = kept?.answering(fetching) ?? fetching;
    this.executor = config.SHARED_READS === 'on' ? reads.over(executor) : executor;
    this.streamExecutor = executorOver([...taken.values()].map(({ batched }) => batched));
    this.#close = async () => {
      await Promise.all([
        planner.close(),
        ...supergraph.subgraphs.map((one) => connections.release(one)),
      ]);
    };
  }

  /** Keeps it open until the work has ended. */
  async using<T>(work: () => Promise<T>): Promise<T> {
    this.#uses += 1;
    try {
      return await work();
    } finally {
      this.#uses -= 1;
      if (this.#closed && this.#uses === 0) this.#finish(this.#closed);
    }
  }

  /** Closes it as soon as nothing uses it any more. */
  retire(): Promise<void> {
    if (!this.#closed) {
      this.#closed = Promise.withResolvers();
      if (this.#uses === 0) this.#finish(this.#closed);
    }
    return this.#closed.promise;
  }

  #finish({ resolve, reject }: PromiseWithResolvers<void>): void {
    this.#close().then(resolve, reject);
  }
}
