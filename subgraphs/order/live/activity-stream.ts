/**
 * Every change of all of a customer's orders, or of all orders, in the order of the feed. The cursor is the place in the
 * feed, so that a client continues where it stopped, on whichever instance.
 */
import type { Database } from '@ordergraph/platform/database.ts';
import { fault } from '@ordergraph/platform/errors.ts';
import { Signal } from '@ordergraph/platform/signal.ts';
import { feedAfter, isBehind, type FeedEntry, type FeedPosition } from '../store/history.ts';
import type { Feed } from './feed.ts';
import { asGenerator } from './order-stream.ts';

/** How many changes may wait for a slow reader before its stream is ended. */
const bufferMax = 5_000;
const quietWaitMs = 60_000;

/**
 * Changes behind a place, for ever. `customerId` null means everybody's.
 * Ends with SLOW_CONSUMER if the reader falls too far behind; it can continue from its last cursor.
 */
export function streamActivity(
  source: { sql: Database; feed: Feed },
  customerId: string | null,
  after: FeedPosition,
): AsyncGenerator<FeedEntry> {
  const signal = new Signal();
  let buffer: FeedEntry[] = [];
  let place = after;
  let overflown = false;
  let ended = false;
  const live = source.feed.onAll((entry) => {
    if (customerId !== null && entry.customerId !== customerId) return;
    if (buffer.length < bufferMax) buffer.push(entry);
    else overflown = true;
    signal.ring();
  });
  // Up to where the feed stood when we began to listen, changes come from the database.
  let missing = isBehind(live.from, after);
  const end = (): void => {
    ended = true;
    live.end();
    signal.ring();
  };
  const catchUp = async (): Promise<FeedEntry[]> => {
    const entries = await feedAfter(source.sql, place, customerId);
    const before = entries.filter((entry) => !isBehind(entry, live.from));
    if (before.length < entries.length || entries.length === 0) missing = false;
    return before;
  };
  let caughtUp: FeedEntry[] = [];
  const take = async (): Promise<FeedEntry | undefined> => {
    if (missing && caughtUp.length === 0) caughtUp = await catchUp();
    const entry = caughtUp.shift() ?? (missing ? undefined : buffer.shift());
    if (!entry) return undefined;
    if (!isBehind(entry, place)) return take();
    place = { transaction: entry.transaction, position: entry.position };
    return entry;
  };
  return asGenerator({
    next: async () => {
      while (!ended) {
        const entry = await take();
        if (entry) return entry;
        if (overflown) {
          end();
          throw fault(
            'SLOW_CONSUMER',
            'The stream fell too far behind; continue from its last cursor.',
          );
        }
        if (!missing) await signal.wait(quietWaitMs);
      }
      buffer = [];
      return undefined;
    },
    end,
  });
}
