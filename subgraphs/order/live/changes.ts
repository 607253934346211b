/** How changes of orders travel between instances. */
import { z } from 'zod';
import type { OrderChange } from '../domain/order.ts';

const statusSchema = z.enum([
  'PLACED',
  'RESERVED',
  'CONFIRMED',
  'REJECTED',
  'EXPIRED',
  'CANCELLING',
  'CANCELLED',
  'ON_HOLD',
]);

const changesSchema = z.array(
  z.object({
    id: z.string(),
    orderId: z.string(),
    customerId: z.string(),
    version: z.int(),
    previousStatus: statusSchema.nullable(),
    status: statusSchema,
    reason: z.string().nullable(),
    note: z.string().nullable(),
    holdExpiresAt: z.coerce.date().nullable(),
    occurredAt: z.coerce.date(),
  }),
);

/** Reads what another instance sent; anything malformed counts as nothing. */
export function readChanges(message: unknown): OrderChange[] {
  const result = changesSchema.safeParse(message);
  return result.success ? result.data : [];
}
