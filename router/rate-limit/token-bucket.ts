/**
 * The arithmetic of a token bucket, in thousandths of a cost unit and whole milliseconds, so that it is exact, here and
 * in Redis (`bucket-script.ts` says the same again in Lua):
 *
 * - A bucket fills by `refillPerSecond`, up to `capacity`. One that was never seen is full.
 * - What is settled is taken, or given back if negative, whatever the bucket holds: down to a debt of its capacity.
 * - What is asked is taken if it is there. What is more than a full bucket is taken from a full one, on debt.
 */
export type Plan = {
  /** Cost units that may be spent at once. */
  readonly capacity: number;
  /** Cost units that come back in a second. */
  readonly refillPerSecond: number;
};

export type BucketState = {
  /** In thousandths; negative in debt. */
  readonly tokens: number;
  /** When it held them: epoch milliseconds. */
  readonly atMs: number;
};

/** In cost units. */
export type Order = { readonly settle: number; readonly ask: number };

export type Taken = {
  readonly admitted: boolean;
  /** Left in the bucket, in cost units. */
  readonly available: number;
  /** Until what was asked would be admitted; 0 if it was. */
  readonly retryAfterMs: number;
};

export function take(
  bucket: BucketState | undefined,
  { plan, order, nowMs }: { readonly plan: Plan; readonly order: Order; readonly nowMs: number },
): { readonly bucket: BucketState; readonly taken: Taken } {
  const capacity = plan.capacity * 1000;
  const tokens = Math.max(-capacity, filled(bucket, plan, nowMs) - order.settle * 1000);
  const held = Math.min(capacity, tokens);
  const needed = Math.min(order.ask * 1000, capacity);
  const admitted = held >= needed;
  const left = admitted ? Math.max(-capacity, held - order.ask * 1000) : held;
  return {
    // A clock that was put back must not fill a bucket twice.
    bucket: { tokens: left, atMs: Math.max(nowMs, bucket?.atMs ?? nowMs) },
    taken: {
      admitted,
      available: left / 1000,
      retryAfterMs: admitted ? 0 : Math.ceil((needed - held) / plan.refillPerSecond),
    },
  };
}

function filled(bucket: BucketState | undefined, plan: Plan, nowMs: number): number {
  const capacity = plan.capacity * 1000;
  if (!bucket) return capacity;
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  return Math.min(capacity, bucket.tokens + elapsedMs * plan.refillPerSecond);
}
