/** When the process manager has to look at an order again if nothing happens before. */
import type { OrderChange } from './order.ts';

export type DeadlinePolicy = {
  /** How long inventory may take to answer, in milliseconds. */
  readonly placementTimeoutMs: number;
  /** How long stock and payment may take to give back before they are asked again, in milliseconds. */
  readonly cancellationTimeoutMs: number;
};

/** The deadline that a change sets; null where the order waits for nobody. */
export function deadlineAfter(change: OrderChange, policy: DeadlinePolicy): Date | null {
  switch (change.status) {
    case 'PLACED':
      return later(change.occurredAt, policy.placementTimeoutMs);
    case 'RESERVED':
      return change.holdExpiresAt;
    case 'CANCELLING':
      return later(change.occurredAt, policy.cancellationTimeoutMs);
    case 'CONFIRMED':
    case 'ON_HOLD':
    case 'REJECTED':
    case 'EXPIRED':
    case 'CANCELLED':
      return null;
  }
}

function later(from: Date, afterMs: number): Date {
  return new Date(from.getTime() + afterMs);
}
