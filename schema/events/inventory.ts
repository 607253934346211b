/** Events of the inventory service. The subject is the order's id, or the SKU for what concerns the catalogue. */
import { z } from 'zod';
import { defineEvent } from './envelope.ts';
import { currency, instant, minorUnits, sku } from './values.ts';

/** Stock for every line of an order is set aside until `expiresAt`. */
export const stockHeld = defineEvent({
  type: 'stock.held',
  version: 1,
  owner: 'inventory',
  data: z.object({ orderId: z.string(), expiresAt: instant }),
});

/** Nothing was set aside for the order. */
export const stockRefused = defineEvent({
  type: 'stock.refused',
  version: 1,
  owner: 'inventory',
  data: z.object({
    orderId: z.string(),
    reason: z.enum(['INSUFFICIENT_STOCK', 'UNKNOWN_SKU']),
    shortages: z.array(z.object({ sku, requested: z.int().min(1), available: z.int().min(0) })),
  }),
});

/** Nothing is set aside for the order any more, and nothing will be. */
export const stockReleased = defineEvent({
  type: 'stock.released',
  version: 1,
  owner: 'inventory',
  data: z.object({ orderId: z.string() }),
});

export const productUpserted = defineEvent({
  type: 'product.upserted',
  version: 1,
  owner: 'inventory',
  data: z.object({
    sku,
    /** Counts the product's changes from 1; a lower version never overwrites a higher one. */
    version: z.int().min(1),
    name: z.string(),
    unitPriceMinor: minorUnits,
    currency,
  }),
});

export const inventoryEvents = [stockHeld, stockRefused, stockReleased, productUpserted] as const;
