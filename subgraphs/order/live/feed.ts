/**
 * The feed of order changes that one instance serves its subscriptions from.
 *
 * Changes arrive on two ways. The fast one is a message over Redis after each commit; it may be lost, doubled or late.
 * The sure one is the tail: the feed reads the history in the database behind the place it has reached, on each message
 * if somebody watches all orders, and every second in any case. Listeners of one order take both and sort out repeats by
 * version; listeners of all orders take the tail alone, whose order never changes.
 */
import type { Database } from '@ordergraph/platform/database.ts';
import type { LiveUpdates } from '@ordergraph/platform/live-updates.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { Signal } from '@ordergraph/platform/signal.ts';
import type { OrderChange } from '../domain/order.ts';
import { feedAfter, feedEnd, type FeedEntry, type FeedPosition } from '../store/history.ts';
import { readChanges } from './changes.ts';

export type Feed = {
  /** Calls back with changes of one order, repeats and gaps included, until the returned function is called. */
  onOrder(orderId: string, listener: (change: OrderChange) => void): () => void;
  /** Calls back with every change once and in feed order; `from` is the place behind which they begin. */
  onAll(listener: (entry: FeedEntry) => void): { from: FeedPosition; end(): void };
  stop(): Promise<void>;
};

const tailEveryMs = 1_000;
/** How soon the tail looks again for a change that was announced but is not settled yet. */
const unsettledRetryMs = 10;

/** Starts at the present end of the history. */
export async function startFeed(options: {
  sql: Database;
  updates: LiveUpdates;
  logger: Logger;
}): Promise<Feed> {
  const { sql, updates, logger } = options;
  const byOrder = new Map<string, Set<(change: OrderChange) => void>>();
  const all = new Set<(entry: FeedEntry) => void>();
  const signal = new Signal();
  /** Announced changes that the tail has not passed yet; bounded, since it only saves waiting. */
  const announced = new Set<string>();
  let reached = await feedEnd(sql);
  let stopping = false;

  const tellOrder = (change: OrderChange): void => {
    for (const listener of byOrder.get(change.orderId) ?? []) listener(change);
  };
  const unlisten = await updates.listen((message) => {
    const changes = readChanges(message);
    changes.forEach(tellOrder);
    if (all.size === 0) return;
    for (const { id } of changes) if (announced.size < 10_000) announced.add(id);
    signal.ring();
  });
  const readTail = async (): Promise<void> => {
    for (;;) {
      const entries = await feedAfter(sql, reached);
      for (const entry of entries) {
        announced.delete(entry.id);
        tellOrder(entry);
        for (const listener of all) listener(entry);
      }
      const last = entries.at(-1);
      if (!last) return;
      reached = { transaction: last.transaction, position: last.position };
    }
  };
  const tail = async (): Promise<void> => {
    let idleSinceMs = Date.now();
    while (!stopping) {
      try {
        await readTail();
      } catch (error) {
        logger.warn({ err: error }, 'the feed could not read the history');
      }
      if (announced.size === 0 || all.size === 0) idleSinceMs = Date.now();
      // An announcement whose change never shows, for example after a restore, must not keep the tail spinning.
      if (Date.now() - idleSinceMs > tailEveryMs) announced.clear();
      await signal.wait(announced.size > 0 ? unsettledRetryMs : tailEveryMs);
    }
  };
  const done = tail();

  return {
    onOrder(orderId, listener) {
      const listeners = byOrder.get(orderId) ?? new Set();
      byOrder.set(orderId, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && byOrder.get(orderId) === listeners) byOrder.delete(orderId);
      };
    },
    onAll(listener) {
      all.add(listener);
      return { from: reached, end: () => void all.delete(listener) };
    },
    async stop() {
      stopping = true;
      unlisten();
      signal.ring();
      await done;
    },
  };
}
