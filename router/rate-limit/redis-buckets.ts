/** Buckets that all routers share, in Redis: one call each. */
import type { Logger } from '@ordergraph/platform/logger.ts';
import { Redis } from 'ioredis';
import { inTime, runScript } from '../redis-calls.ts';
import { bucketScript } from './bucket-script.ts';
import type { Order, Plan, Taken } from './token-bucket.ts';

export type RedisBuckets = {
  /** Rejects if Redis does not answer in time, or not as it should. */
  take(key: string, plan: Plan, order: Order): Promise<Taken>;
  /** Whether it answers; a connection that hangs is made anew. */
  probe(): Promise<boolean>;
  /** Calls back each time that a connection is ready. */
  onReady(listener: () => void): void;
  close(): void;
};

export type RedisBucketsOptions = {
  readonly url: string;
  /** How long a call may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly logger: Logger;
};

const reconnectMaxMs = 1_000;
const script = bucketScript();

export function openRedisBuckets({ url, timeoutMs, logger }: RedisBucketsOptions): RedisBuckets {
  // Nothing waits for a connection: without one there are local buckets.
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(reconnectMaxMs, 50 * times),
  });
  redis.on('error', (error) => logger.debug({ err: error }, 'Redis is unreachable'));

  return {
    async take(key, { capacity, refillPerSecond }, { settle, ask }) {
      const values = [capacity, refillPerSecond, settle, ask];
      return takenFrom(await inTime(runScript(redis, script, { keys: [key], values }), timeoutMs));
    },
    async probe() {
      // A hung server takes connections and says nothing: only a new one shows whether it has come back.
      const answer = await inTime(redis.ping(), timeoutMs).catch(() => undefined);
      if (answer === undefined && redis.status !== 'reconnecting') redis.disconnect(true);
      return answer === 'PONG';
    },
    onReady: (listener) => void redis.on('ready', listener),
    close: () => redis.disconnect(),
  };
}

function takenFrom(answer: unknown): Taken {
  const [admitted, thousandths, retry] = Array.isArray(answer) ? answer.map(Number) : [];
  if (admitted === undefined || thousandths === undefined || retry === undefined) {
    throw new Error('the script gave something else than it should');
  }
  return { admitted: admitted === 1, available: thousandths / 1000, retryAfterMs: retry };
}
