/** Buckets of this router alone, for as long as the shared ones cannot be reached. */
import { BoundedCache } from '../bounded-cache.ts';
import { take, type BucketState, type Order, type Plan, type Taken } from './token-bucket.ts';

/** How many are kept; who is forgotten begins with a full bucket. */
const keptMax = 100_000;

export class LocalBuckets {
  readonly #kept = new BoundedCache<BucketState>(keptMax, Infinity);
  readonly #routers: number;

  /** @param routers among how many the plans are divided, so that all together give no more than one bucket would */
  constructor(routers: number) {
    this.#routers = routers;
  }

  take(key: string, plan: Plan, order: Order): Taken & { readonly plan: Plan } {
    const share = {
      capacity: plan.capacity / this.#routers,
      refillPerSecond: plan.refillPerSecond / this.#routers,
    };
    const { bucket, taken } = take(this.#kept.get(key), { plan: share, order, nowMs: Date.now() });
    this.#kept.set(key, bucket);
    return { ...taken, plan: share };
  }
}
