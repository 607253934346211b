/**
 * The life of an order as a table: for each state, what may happen and where it leads. What is not in a row changes
 * nothing there: `ignored` for what others report (it came late, or twice), refused for what a caller asks.
 */
import type { OrderStatus } from './order.ts';

export type Trigger =
  | 'stock held'
  | 'stock refused'
  | 'payment captured'
  | 'payment declined'
  | 'payment mismatched'
  | 'hold ended'
  | 'placement timed out'
  | 'cancellation asked'
  | 'stock and money returned';

export const triggers: readonly Trigger[] = [
  'stock held',
  'stock refused',
  'payment captured',
  'payment declined',
  'payment mismatched',
  'hold ended',
  'placement timed out',
  'cancellation asked',
  'stock and money returned',
];

export const transitions: Readonly<
  Record<OrderStatus, Readonly<Partial<Record<Trigger, OrderStatus>>>>
> = {
  PLACED: {
    'stock held': 'RESERVED',
    'stock refused': 'REJECTED',
    'placement timed out': 'CANCELLING',
    'cancellation asked': 'CANCELLING',
  },
  RESERVED: {
    'payment captured': 'CONFIRMED',
    'payment declined': 'RESERVED',
    'payment mismatched': 'ON_HOLD',
    'hold ended': 'EXPIRED',
    'cancellation asked': 'CANCELLING',
  },
  CONFIRMED: {
    'payment mismatched': 'ON_HOLD',
    'cancellation asked': 'CANCELLING',
  },
  ON_HOLD: {
    'cancellation asked': 'CANCELLING',
  },
  CANCELLING: {
    'stock and money returned': 'CANCELLED',
  },
  REJECTED: {},
  EXPIRED: {},
  CANCELLED: {},
};

/** Where a trigger leads from a state; undefined where it changes nothing. */
export function nextStatus(status: OrderStatus, trigger: Trigger): OrderStatus | undefined {
  return transitions[status][trigger];
}
