/**
 * Every change of all of a customer's orders, or of all orders, in the order of the feed. The cursor is the place in the
 * feed, so that a client continues where it stopped, on whichever instance.
 */
import type { Database } from '@ordergraph/platform/database.ts';
import { Signal } from '@ordergraph/platform/signal.ts';
import { feedAfter, isBehind, type FeedEntry, type FeedPosition } from '../store/history.ts';
import type { Feed } from './feed.ts';
import { asGenerator } from './order-stream.ts';

/** How many changes may wait in memory for a slow reader; beyond it, they wait in the database. */
const bufferMax = 1_000;
const quietWaitMs = 60_000;

/**
 * Changes behind a place, for ever. `customerId` null means everybody's.
 *
 * The stream is live or catching up. Live, it hands on what the feed calls back with. It is catching up at its start, and
 * whenever a slow reader let the buffer overflow: the buffer is dropped, the feed is listened to anew, and everything up
 * to where the feed stood then is read from the database.
 */
export function streamActivity(
  source: { sql: Database; feed: Feed },
  customerId: string | null,
  after: FeedPosition,
): AsyncGenerator<FeedEntry> {
  const signal = new Signal();
  let place = after;
  let ended = false;
  let buffer: FeedEntry[] = [];
  let overflown = false;
  const listener = (entry: FeedEntry): void => {
    if (overflown || (customerId !== null && entry.customerId !== customerId)) return;
    overflown = buffer.length >= bufferMax;
    if (!overflown) buffer.push(entry);
    signal.ring();
  };
  let live = source.feed.onAll(listener);
  let fromHistory: FeedEntry[] = [];
  let catchingUp = isBehind(live.from, after);

  const listenAnew = (): void => {
    live.end();
    buffer = [];
    overflown = false;
    live = source.feed.onAll(listener);
    catchingUp = true;
  };
  const readHistory = async (): Promise<void> => {
    const entries = await feedAfter(source.sql, place, customerId);
    fromHistory = entries.filter((entry) => !isBehind(entry, live.from));
    catchingUp = entries.length > 0 && fromHistory.length === entries.length;
  };
  const take = async (): Promise<FeedEntry | undefined> => {
    for (;;) {
      if (fromHistory.length === 0 && catchingUp) await readHistory();
      const entry = fromHistory.shift() ?? (catchingUp ? undefined : buffer.shift());
      if (entry && isBehind(entry, place)) return entry;
      if (entry || catchingUp) continue;
      if (!overflown) return undefined;
      listenAnew();
    }
  };
  return asGenerator({
    next: async () => {
      while (!ended) {
        const entry = await take();
        if (entry) {
          place = { transaction: entry.transaction, position: entry.position };
          return entry;
        }
        await signal.wait(quietWaitMs);
      }
      buffer = [];
      return undefined;
    },
    end: () => {
      ended = true;
      live.end();
      signal.ring();
    },
  });
}
