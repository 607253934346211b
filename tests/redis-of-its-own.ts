/** A Redis server for one test file, which may flush, cut off and kill it without disturbing the others. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers } from '@ordergraph/scripts/embedded/answers.ts';
import {
  startBackingServices,
  type BackingServices,
} from '@ordergraph/scripts/embedded/services.ts';
import type { StackOptions } from '@ordergraph/scripts/stack.ts';
import { afterAll, beforeAll, expect, inject } from 'vitest';

export type RedisOfItsOwn = {
  /** The servers that all tests use, but for Redis. */
  readonly backing: StackOptions['backing'];
  /** Everything in it is gone; connections stay. */
  flush: () => Promise<void>;
  /** Whoever listens is cut off, and has to connect again. */
  cutOff: () => Promise<void>;
  /** As a crash does. */
  restart: () => Promise<void>;
};

/** Started before the file's tests and before hooks that are registered later. */
export function redisOfItsOwn(): RedisOfItsOwn {
  let dataDir: string | undefined;
  let services: BackingServices | undefined;
  const running = (): BackingServices => {
    if (!services) throw new Error('Redis is started before the first test');
    return services;
  };
  const port = (): number => Number(new URL(running().redisUrl).port);
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'ordergraph-redis-'));
    services = await startBackingServices({
      dataDir,
      programsDir: new URL('../.data/bin', import.meta.url).pathname,
      databaseUrl: inject('databaseUrl'),
      natsUrl: inject('natsUrl'),
      ephemeral: true,
      log: () => undefined,
    });
  });
  afterAll(async () => {
    await services?.stop();
    if (dataDir) await rm(dataDir, { recursive: true, force: true });
  });
  return {
    get backing() {
      const { databaseUrl, natsUrl, redisUrl } = running();
      return { databaseUrl, natsUrl, redisUrl };
    },
    flush: async () => {
      expect(await answers(port(), 'FLUSHALL\r\n', '+OK')).toBe(true);
    },
    cutOff: async () => {
      expect(await answers(port(), 'CLIENT KILL TYPE pubsub\r\n', ':')).toBe(true);
    },
    restart: () => running().restartRedis(),
  };
}
