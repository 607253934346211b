/**
 * Calls to a Redis that a request can do without: none takes longer than its time, and after one that failed nobody asks
 * for a second. It may be flushed, filled by others, down or hung; requests go on as if it were not there.
 */
import { createHash } from 'node:crypto';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { Redis } from 'ioredis';

export type SpareRedis = {
  /** Never rejects; undefined if Redis did not answer, or was not asked. */
  ask<T>(call: (redis: Redis) => Promise<T>): Promise<T | undefined>;
  /** Told each time that a connection is lost or cannot be made. */
  onLost(listener: () => void): void;
  close(): void;
};

export type SpareRedisOptions = {
  readonly url: string;
  /** How long a call may take, in milliseconds. */
  readonly timeoutMs: number;
  /** What the calls are for. */
  readonly purpose: string;
  readonly logger: Logger;
};

const restMs = 1_000;
/** Failures in a row after which the connection is made anew: one may hang that no packet has ended. */
const failuresMax = 3;
const reconnectMaxMs = 1_000;

export function openSpareRedis(options: SpareRedisOptions): SpareRedis {
  const { url, timeoutMs, purpose, logger } = options;
  // Nothing waits for a connection.
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(reconnectMaxMs, 50 * times),
  });
  redis.on('error', (error) => logger.debug({ err: error }, 'Redis is unreachable'));
  let restsUntilMs = 0;
  let failures = 0;
  const failed = (error: unknown): void => {
    logger.debug({ err: error, purpose }, 'Redis does not answer');
    // Calls that were under way together fail together: that is one failure.
    if (performance.now() < restsUntilMs) return;
    restsUntilMs = performance.now() + restMs;
    failures += 1;
    if (failures >= failuresMax && redis.status === 'ready') redis.disconnect(true);
  };
  return {
    async ask(call) {
      if (redis.status !== 'ready' || performance.now() < restsUntilMs) return undefined;
      try {
        const answer = await inTime(call(redis), timeoutMs);
        failures = 0;
        return answer;
      } catch (error) {
        failed(error);
      }
    },
    onLost: (listener) => void redis.on('close', listener),
    close: () => redis.disconnect(),
  };
}

export type RedisScript = { readonly text: string; readonly sha: string };

/** A Lua script that Redis remembers by its hash. */
export function redisScript(text: string): RedisScript {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

export type ScriptInput = {
  readonly keys: readonly string[];
  readonly values: readonly (string | number)[];
};

export async function runScript(
  redis: Redis,
  script: RedisScript,
  { keys, values }: ScriptInput,
): Promise<unknown> {
  try {
    return await redis.evalsha(script.sha, keys.length, ...keys, ...values);
  } catch (error) {
    // Flushed or restarted: the script goes along once.
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(script.text, keys.length, ...keys, ...values);
  }
}

/**
 * Rejects after a time. An answer that has arrived by then still counts: this process may have been too busy to read
 * it, and that is not the server's doing.
 */
export async function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    setImmediate(() => late.reject(new Error('Redis did not answer in time')));
  }, timeoutMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
