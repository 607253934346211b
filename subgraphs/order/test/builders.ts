/** Builders for the order service's database tests. */
import { newId } from '@ordergraph/platform/ids.ts';
import type { Database } from '@ordergraph/platform/database.ts';
import type { PlacementRequest } from '../commands/place-orders.ts';
import { placeOrders, type PlacementResult } from '../commands/place-orders.ts';
import type { DeadlinePolicy } from '../domain/deadlines.ts';
import type { Order } from '../domain/order.ts';
import { upsertEntries } from '../store/catalogue.ts';
import type { InventoryEvent, PaymentEvent } from '../messaging/consumers.ts';

export const policy: DeadlinePolicy = { placementTimeoutMs: 60_000, cancellationTimeoutMs: 1_000 };

export async function stockCatalogue(sql: Database): Promise<void> {
  await sql.begin((tx) =>
    upsertEntries(tx, [
      { sku: 'TEA', version: 1, name: 'Tea', unitPriceMinor: 450, currency: 'GBP' },
      { sku: 'CUP', version: 1, name: 'Cup', unitPriceMinor: 1_299, currency: 'GBP' },
    ]),
  );
}

export function placement(
  key: string,
  given: { caller?: string; sku?: string; quantity?: number; hash?: string } = {},
): PlacementRequest {
  const caller = given.caller ?? 'alice';
  return {
    caller,
    idempotencyKey: key,
    requestHash: given.hash ?? 'hash',
    command: {
      customerId: caller,
      lines: [
        {
          sku: given.sku ?? 'TEA',
          quantity: given.quantity ?? 1,
          expectedUnitPrice: null,
          unitPrice: null,
        },
      ],
      shippingAddress: {
        name: 'Alice',
        line1: '1 High Street',
        line2: null,
        city: 'Leeds',
        region: null,
        postalCode: 'LS1 1AA',
        countryCode: 'GB',
        phone: null,
        email: 'alice@shop.example',
      },
      payment: { channel: 'SANDBOX', token: 'tok_ok' },
    },
    cause: { correlationId: key, causationId: null },
  };
}

export async function place(
  sql: Database,
  requests: readonly PlacementRequest[],
): Promise<PlacementResult[]> {
  return placeOrders(sql, requests, { now: () => new Date(), policy });
}

export async function placeOne(
  sql: Database,
  given?: Parameters<typeof placement>[1],
): Promise<Order> {
  const [result] = await place(sql, [placement(newId('evt'), given)]);
  if (result?.kind !== 'placed') throw new Error('The order was not placed');
  return result.order;
}

function frame(orderId: string) {
  return {
    specversion: '1.0',
    id: newId('evt'),
    dataversion: 1,
    time: new Date().toISOString(),
    subject: orderId,
    correlationid: 'test',
    causationid: null,
    datacontenttype: 'application/json',
  } as const;
}

type InventoryAnswer = Exclude<InventoryEvent, { type: 'product.upserted' }>;

export const stock = {
  held: (orderId: string, expiresAt = new Date(Date.now() + 900_000)): InventoryAnswer => ({
    ...frame(orderId),
    source: '/ordergraph/inventory',
    type: 'stock.held',
    data: { orderId, expiresAt: expiresAt.toISOString() },
  }),
  refused: (orderId: string): InventoryAnswer => ({
    ...frame(orderId),
    source: '/ordergraph/inventory',
    type: 'stock.refused',
    data: { orderId, reason: 'INSUFFICIENT_STOCK', shortages: [] },
  }),
  released: (orderId: string): InventoryAnswer => ({
    ...frame(orderId),
    source: '/ordergraph/inventory',
    type: 'stock.released',
    data: { orderId },
  }),
};

export const payment = {
  captured: (orderId: string, amountMinor: number): PaymentEvent => ({
    ...frame(orderId),
    source: '/ordergraph/payment',
    type: 'payment.captured',
    data: { orderId, attemptId: 'att_1', channel: 'SANDBOX', amountMinor, currency: 'GBP' },
  }),
  declined: (orderId: string): PaymentEvent => ({
    ...frame(orderId),
    source: '/ordergraph/payment',
    type: 'payment.declined',
    data: { orderId, attemptId: 'att_1', failureCode: 'card_declined' },
  }),
  closed: (orderId: string): PaymentEvent => ({
    ...frame(orderId),
    source: '/ordergraph/payment',
    type: 'payment.closed',
    data: { orderId, outcome: 'REFUNDED' },
  }),
};
