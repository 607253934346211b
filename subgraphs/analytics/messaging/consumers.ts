/** This service hears of every order event, keeps it, and counts confirmations and cancellations. */
import type { Transaction } from '@ordergraph/platform/database.ts';
import type { EventOf } from '@ordergraph/schema/events/envelope.ts';
import { orderEvents } from '@ordergraph/schema/events/order.ts';
import { recordEvents } from '../commands.ts';
import { withoutPersonalData } from '../domain/privacy.ts';
import type { SaleEvent } from '../domain/sales.ts';
import type { RecordedEvent } from '../store/recording.ts';

export const consumedEvents = orderEvents;

export type ConsumedEvent = EventOf<(typeof consumedEvents)[number]>;

export async function handleOrderEvents(
  tx: Transaction,
  events: readonly ConsumedEvent[],
): Promise<void> {
  await recordEvents(tx, {
    events: events.map(recordedOf),
    sales: events.map(saleEventOf).filter((event) => event !== undefined),
  });
}

function recordedOf(event: ConsumedEvent): RecordedEvent {
  return {
    id: event.id,
    type: event.type,
    dataVersion: event.dataversion,
    orderId: event.data.orderId,
    time: event.time,
    data: withoutPersonalData(event.data),
  };
}

/** Only a confirmation makes a sale, and only a cancellation takes one back; an order is rejected or expires unsold. */
function saleEventOf(event: ConsumedEvent): SaleEvent | undefined {
  const { orderId } = event.data;
  const at = new Date(event.time);
  if (event.type === 'order.cancelled') return { kind: 'cancelled', orderId, at };
  if (event.type !== 'order.confirmed') return undefined;
  const { totalMinor, currency, countryCode, channel } = event.data;
  const lines = event.data.lines.map((line) => ({
    lineId: line.lineId,
    sku: line.sku,
    name: line.name,
    units: line.quantity,
    revenueMinor: line.totalMinor,
  }));
  return { kind: 'confirmed', orderId, at, totalMinor, currency, countryCode, channel, lines };
}
