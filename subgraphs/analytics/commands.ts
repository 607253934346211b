/** What this service does when it is told something: three statements a batch, whatever its size. */
import type { Transaction } from '@ordergraph/platform/database.ts';
import { foldSales, type SaleEvent } from './domain/sales.ts';
import {
  insertEvents,
  insertSalesLines,
  upsertSales,
  type RecordedEvent,
} from './store/recording.ts';

/** Keeps events and what they mean for sales. In any order and any number of times: the outcome is the same. */
export async function recordEvents(
  tx: Transaction,
  { events, sales }: { events: readonly RecordedEvent[]; sales: readonly SaleEvent[] },
): Promise<void> {
  await insertEvents(tx, events);
  await insertSalesLines(
    tx,
    sales.filter((event) => event.kind === 'confirmed'),
  );
  await upsertSales(tx, foldSales(sales));
}
