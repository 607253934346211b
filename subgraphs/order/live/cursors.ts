/** Cursors of the live streams: a version of an order, or a place in the feed of all changes. */
import { fault } from '@ordergraph/platform/errors.ts';
import { decodeCursor, encodeCursor } from '@ordergraph/platform/keyset.ts';
import type { FeedPosition } from '../store/history.ts';

export function orderCursor(orderId: string, version: number): string {
  return encodeCursor([orderId, version]);
}

/** The version in a cursor of an order's stream. @throws CURSOR_EXPIRED if it cannot have come from this order. */
export function readOrderCursor(cursor: string, order: { id: string; version: number }): number {
  const [orderId, version] = decodeCursor(cursor, 2);
  if (
    orderId !== order.id ||
    typeof version !== 'number' ||
    !Number.isInteger(version) ||
    version < 0 ||
    version > order.version
  ) {
    throw cursorExpired();
  }
  return version;
}

export function feedCursor({ transaction, position }: FeedPosition): string {
  return encodeCursor(['feed', transaction, position]);
}

/** The place in a cursor of the feed. @throws CURSOR_EXPIRED if it is none. */
export function readFeedCursor(cursor: string): FeedPosition {
  const [kind, transaction, position] = decodeCursor(cursor, 3);
  if (
    kind !== 'feed' ||
    typeof transaction !== 'string' ||
    !/^\d{1,19}$/.test(transaction) ||
    typeof position !== 'number' ||
    !Number.isSafeInteger(position)
  ) {
    throw cursorExpired();
  }
  return { transaction, position };
}

export function cursorExpired(): Error {
  return fault('CURSOR_EXPIRED', 'This cursor cannot be continued; subscribe without it.');
}
