/**
 * What each caller may spend. The protocol:
 *
 * 1. A request is let in if its caller's bucket is not known to be empty; that asks nobody.
 * 2. Before it is planned, its expected cost is taken from the bucket, or it is refused with THROTTLED.
 * 3. When its answer is there, the difference from what it really cost is settled; so is each delivered event of a stream,
 *    and what a request cost that was refused before its cost was known. These are gathered for a moment, and go along
 *    with the caller's next request.
 *
 * Errors tell when to try again and nothing else. A bucket that cannot be reached never holds up a request for longer
 * than its time-out (`buckets.ts`).
 */
import { fault } from '@ordergraph/platform/errors.ts';
import type { GraphQLError } from 'graphql';
import { BoundedCache } from '../bounded-cache.ts';
import { tooComplex } from '../limits.ts';
import type { Caller } from '../request.ts';
import type { Buckets, TakenFrom } from './buckets.ts';
import { callerKey } from './caller-key.ts';
import { kindOf, planOf, type CallerKind, type Plans } from './plans.ts';
import type { Order, Plan } from './token-bucket.ts';

export type RateLimiter = {
  /** @param address of the client, for callers that nothing else is known of */
  account(caller: Caller, address: string): Account;
  /** Settles what is gathered. */
  close(): Promise<void>;
};

export type Charged = {
  /** Puts the cost that an operation really had in place of the expected one. */
  settle(actual: number): ThrottleStatus;
};

/** In cost units. */
export type ThrottleStatus = {
  readonly maximumAvailable: number;
  readonly currentlyAvailable: number;
  /** A second. */
  readonly restoreRate: number;
};

export type RateLimiterOptions = {
  readonly buckets: Buckets;
  readonly plans: Plans;
  /** The installation's. */
  readonly secret: string;
  readonly onThrottled: (kind: CallerKind) => void;
};

/** For how long settlements are gathered, in milliseconds, and how many callers' are then sent at once. */
const gatherMs = 100;
const sentMax = 250;
/** Callers whose last known state is kept. */
const knownMax = 100_000;

/** A bucket as it was found at a time. */
type Known = { readonly available: number; readonly atMs: number; readonly plan: Plan };

/** What the accounts of one router have in common. */
type Office = {
  readonly known: BoundedCache<Known>;
  readonly spending: Spending;
  take(key: string, plan: Plan, order: Order): Promise<TakenFrom>;
  throttled(kind: CallerKind, retryAfterMs: number): GraphQLError;
};

export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { buckets, plans, secret, onThrottled } = options;
  const known = new BoundedCache<Known>(knownMax, Infinity);
  const take: Office['take'] = async (key, plan, order) => {
    const taken = await buckets.take(key, plan, order);
    known.set(key, { available: taken.available, atMs: Date.now(), plan: taken.plan });
    return taken;
  };
  const spending = new Spending((key, plan, cost) => take(key, plan, { settle: cost, ask: 0 }));
  const office: Office = {
    known,
    spending,
    take,
    throttled(kind, retryAfterMs) {
      onThrottled(kind);
      return throttled(retryAfterMs);
    },
  };
  return {
    account: (caller, address) =>
      new Account(office, {
        key: callerKey(caller, address, secret),
        plan: planOf(caller, plans),
        kind: kindOf(caller),
      }),
    async close() {
      await spending.close();
      buckets.close();
    },
  };
}

type Owner = { readonly key: string; readonly plan: Plan; readonly kind: CallerKind };

/** One caller's bucket. */
export class Account {
  readonly #office: Office;
  readonly #owner: Owner;

  constructor(office: Office, owner: Owner) {
    this.#office = office;
    this.#owner = owner;
  }

  /** @throws THROTTLED if the bucket is known to be empty */
  refuseIfEmpty(): void {
    const bucket = this.#office.known.get(this.#owner.key);
    if (bucket && heldNow(bucket) < 1) throw this.throttled();
  }

  /** Takes an expected cost. @throws THROTTLED; QUERY_TOO_COMPLEX for what is dearer than a full bucket */
  async charge(cost: number): Promise<Charged> {
    const { key, plan, kind } = this.#owner;
    const { spending } = this.#office;
    if (cost > plan.capacity) throw tooComplex();
    const taken = await this.#office.take(key, plan, { settle: spending.withdraw(key), ask: cost });
    if (!taken.admitted) throw this.#office.throttled(kind, taken.retryAfterMs);
    return {
      settle(actual) {
        spending.add(key, plan, actual - cost);
        return statusOf(taken.plan, taken.available + cost - actual);
      },
    };
  }

  /** Takes a cost that has arisen, without waiting. */
  spend(cost: number): void {
    this.#office.spending.add(this.#owner.key, this.#owner.plan, cost);
  }

  /** Whether so much was spent that streams must end. */
  isOverdrawn(): boolean {
    const bucket = this.#office.known.get(this.#owner.key);
    return bucket !== undefined && heldNow(bucket) < -bucket.plan.capacity / 2;
  }

  /** The error for a caller who has spent too much. */
  throttled(): GraphQLError {
    const bucket = this.#office.known.get(this.#owner.key);
    const missing = bucket ? 1 - heldNow(bucket) : 0;
    const retryAfterMs = (missing * 1000) / (bucket?.plan.refillPerSecond ?? 1);
    return this.#office.throttled(this.#owner.kind, retryAfterMs);
  }
}

/** What it should hold by now, as far as this router knows. */
function heldNow({ available, atMs, plan }: Known): number {
  const back = ((Date.now() - atMs) / 1000) * plan.refillPerSecond;
  return Math.min(plan.capacity, available + Math.max(0, back));
}

function statusOf({ capacity, refillPerSecond }: Plan, available: number): ThrottleStatus {
  return {
    maximumAvailable: Math.floor(capacity),
    currentlyAvailable: Math.max(0, Math.floor(Math.min(capacity, available))),
    restoreRate: Math.floor(refillPerSecond),
  };
}

function throttled(retryAfterMs: number): GraphQLError {
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  return fault('THROTTLED', 'Too much was asked in a short time: try again later.', {
    retryAfterSeconds,
  });
}

/** Costs that wait to be settled, by bucket. */
class Spending {
  readonly #settle: (key: string, plan: Plan, cost: number) => Promise<unknown>;
  readonly #waiting = new Map<string, { readonly plan: Plan; cost: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(settle: (key: string, plan: Plan, cost: number) => Promise<unknown>) {
    this.#settle = settle;
  }

  add(key: string, plan: Plan, cost: number): void {
    if (cost === 0) return;
    const waiting = this.#waiting.get(key);
    if (waiting) waiting.cost += cost;
    else this.#waiting.set(key, { plan, cost });
    this.#timer ??= setTimeout(() => void this.#send(sentMax), gatherMs).unref();
  }

  /** What waits of a bucket; whoever asks settles it. */
  withdraw(key: string): number {
    const cost = this.#waiting.get(key)?.cost ?? 0;
    this.#waiting.delete(key);
    return cost;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#send(Infinity);
  }

  async #send(most: number): Promise<void> {
    this.#timer = undefined;
    const sent: Promise<unknown>[] = [];
    for (const [key, { plan, cost }] of this.#waiting) {
      if (sent.length >= most) break;
      this.#waiting.delete(key);
      sent.push(this.#settle(key, plan, cost));
    }
    if (this.#waiting.size > 0) {
      this.#timer ??= setTimeout(() => void this.#send(most), gatherMs).unref();
    }
    await Promise.all(sent);
  }
}
