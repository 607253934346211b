/** Turns what the inventory has to tell into events for others, in its outbox. */
import type { Transaction } from '@ordergraph/platform/database.ts';
import { newId } from '@ordergraph/platform/ids.ts';
import { appendToOutbox } from '@ordergraph/platform/outbox.ts';
import { createEvent, type Cause, type EventEnvelope } from '@ordergraph/schema/events/envelope.ts';
import {
  productUpserted,
  stockHeld,
  stockRefused,
  stockReleased,
} from '@ordergraph/schema/events/inventory.ts';
import type { Announcement } from '../commands.ts';

/** Appends announcements to the outbox, in order. */
export async function publish(
  tx: Transaction,
  announcements: readonly Announcement[],
  now: Date,
): Promise<void> {
  await appendToOutbox(
    tx,
    announcements.map((announcement) => toEvent(announcement, now)),
  );
}

function toEvent({ fact, cause }: Announcement, time: Date): EventEnvelope {
  if (fact.type === 'ProductUpserted') {
    const { sku, version, name, unitPriceMinor, currency } = fact;
    return createEvent(productUpserted, {
      ...about(sku, { time, cause }),
      data: { sku, version, name, unitPriceMinor, currency },
    });
  }
  const { orderId } = fact;
  const attributes = about(orderId, { time, cause });
  if (fact.type === 'StockHeld') {
    const expiresAt = fact.expiresAt.toISOString();
    return createEvent(stockHeld, { ...attributes, data: { orderId, expiresAt } });
  }
  if (fact.type === 'StockRefused') {
    const { reason, shortages } = fact;
    const data = { orderId, reason, shortages: [...shortages] };
    return createEvent(stockRefused, { ...attributes, data });
  }
  return createEvent(stockReleased, { ...attributes, data: { orderId } });
}

function about(subject: string, { time, cause }: { time: Date; cause: Cause }) {
  return { id: newId('evt'), subject, time, cause };
}
