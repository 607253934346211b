/**
 * The live status of one order: its present state first, or what came after a cursor, then every change once and in the
 * order of its versions. Versions are dense, so a gap shows itself and is filled from the history.
 */
import type { Database } from '@ordergraph/platform/database.ts';
import { Signal } from '@ordergraph/platform/signal.ts';
import type { OrderChange } from '../domain/order.ts';
import { changesAfter } from '../store/history.ts';
import type { Feed } from './feed.ts';

/** How many changes wait in memory for a slow reader; beyond it they are read from the history when their turn comes. */
const bufferMax = 32;
const quietWaitMs = 60_000;

/** Changes above a version, for ever; end it with `return()`, which also wakes a pending `next()`. */
export function streamOrder(
  source: { sql: Database; feed: Feed },
  orderId: string,
  afterVersion: number,
): AsyncGenerator<OrderChange> {
  const signal = new Signal();
  const buffer = new Map<number, OrderChange>();
  let version = afterVersion;
  let newest = afterVersion;
  let ended = false;
  const unlisten = source.feed.onOrder(orderId, (change) => {
    if (change.version <= version) return;
    newest = Math.max(newest, change.version);
    if (buffer.size < bufferMax) buffer.set(change.version, change);
    signal.ring();
  });
  const end = (): void => {
    ended = true;
    unlisten();
    signal.ring();
  };
  const take = async (): Promise<OrderChange | undefined> => {
    if (newest > version && !buffer.has(version + 1)) {
      const missed = await changesAfter(source.sql, orderId, version);
      for (const change of missed.slice(0, bufferMax)) buffer.set(change.version, change);
      newest = Math.max(newest, missed.at(-1)?.version ?? 0);
    }
    const change = buffer.get(version + 1);
    if (change) {
      buffer.delete(change.version);
      version = change.version;
    }
    return change;
  };
  // What was committed between the caller's reading of the version and the listening above is looked for at once.
  newest = afterVersion + 1;
  return asGenerator({
    next: async () => {
      while (!ended) {
        const change = await take();
        if (change) return change;
        newest = version;
        await signal.wait(quietWaitMs);
      }
      return undefined;
    },
    end,
  });
}

/** An async generator whose `return` takes effect at once, unlike that of a function with `yield` waiting inside. */
export function asGenerator<T>(source: {
  next: () => Promise<T | undefined>;
  end: () => void;
}): AsyncGenerator<T> {
  const done = { value: undefined, done: true } as const;
  return {
    next: async () => {
      const value = await source.next();
      return value === undefined ? done : { value, done: false };
    },
    return: async () => {
      source.end();
      return done;
    },
    throw: async (error) => {
      source.end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: async () => source.end(),
  };
}
