/**
 * The shared buckets while they can be reached, this router's own while they cannot.
 *
 * | state  | a call                                   | it fails or is late        | probe answers | probe does not |
 * | ------ | ---------------------------------------- | -------------------------- | ------------- | -------------- |
 * | shared | Redis                                    | → local, and is served so  | –             | –              |
 * | local  | own bucket at once, Redis is not asked   | –                          | → shared      | stays          |
 *
 * So an outage costs the calls under way at most the time-out, and no call after them anything.
 */
import type { Logger } from '@ordergraph/platform/logger.ts';
import { LocalBuckets } from './local-buckets.ts';
import type { RedisBuckets } from './redis-buckets.ts';
import type { Order, Plan, Taken } from './token-bucket.ts';

export type Buckets = {
  /** Never rejects. Tells also what was given for the plan: this router's share of it, from a bucket of its own. */
  take(key: string, plan: Plan, order: Order): Promise<TakenFrom>;
  /** Whether the shared ones are used. */
  readonly shared: boolean;
  close(): void;
};

export type TakenFrom = Taken & { readonly plan: Plan };

export type BucketsOptions = {
  readonly redis: RedisBuckets;
  /** How many routers there are. */
  readonly routers: number;
  readonly logger: Logger;
  /** Told at each change whether the shared buckets are used. */
  readonly onChange?: (shared: boolean) => void;
};

/** How often it is looked whether the shared buckets are back, in milliseconds. */
const probeIntervalMs = 250;

export function createBuckets({ redis, routers, logger, onChange }: BucketsOptions): Buckets {
  const local = new LocalBuckets(routers);
  let shared = false;
  let probing: NodeJS.Timeout | undefined;
  let closed = false;

  const probe = async (): Promise<void> => {
    if (shared || closed) return;
    if (await redis.probe()) {
      shared = true;
      onChange?.(true);
      clearInterval(probing);
      logger.info('rate limits are shared with other routers');
    }
  };
  const watch = (): void => {
    clearInterval(probing);
    if (!closed) probing = setInterval(() => void probe(), probeIntervalMs).unref();
  };
  const fallBack = (error: unknown): void => {
    if (!shared) return;
    shared = false;
    onChange?.(false);
    logger.warn({ err: error }, 'Redis does not answer: rate limits are kept by this router alone');
    watch();
  };
  redis.onReady(() => void probe());
  watch();

  return {
    async take(key, plan, order) {
      if (!shared) return local.take(key, plan, order);
      try {
        return { ...(await redis.take(key, plan, order)), plan };
      } catch (error) {
        fallBack(error);
        return local.take(key, plan, order);
      }
    },
    get shared() {
      return shared;
    },
    close() {
      closed = true;
      clearInterval(probing);
      redis.close();
    },
  };
}
