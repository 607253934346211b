/** Cancels an order at its customer's or a staff member's wish. */
import type { Database } from '@ordergraph/platform/database.ts';
import { claimKey } from '@ordergraph/platform/idempotency.ts';
import type { Cause } from '@ordergraph/schema/events/envelope.ts';
import type { DeadlinePolicy } from '../domain/deadlines.ts';
import type { Rejection } from '../domain/decide.ts';
import type { OrderChange } from '../domain/order.ts';
import { lockOrders } from '../store/orders.ts';
import { advanceOrders } from './advance-orders.ts';

export type CancelRequest = {
  readonly caller: string;
  readonly isStaff: boolean;
  readonly idempotencyKey: string;
  readonly requestHash: string;
  readonly orderId: string;
  readonly note: string | null;
  readonly expectedVersion: number | null;
  readonly cause: Cause;
};

export type CancelRefusal =
  | Rejection
  | { readonly code: 'NOT_FOUND' }
  | { readonly code: 'IDEMPOTENCY_KEY_REUSED' };

export type CancelResult =
  | {
      readonly kind: 'done';
      readonly orderId: string;
      readonly replayed: boolean;
      readonly changes: readonly OrderChange[];
    }
  | { readonly kind: 'refused'; readonly refusal: CancelRefusal };

/** Thrown inside the transaction so that a refusal leaves nothing behind, the key included. */
class Refused extends Error {
  readonly refusal: CancelRefusal;
  constructor(refusal: CancelRefusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

/** One transaction; the same key gives the same order again. */
export async function cancelOrder(
  sql: Database,
  request: CancelRequest,
  context: { now: Date; policy: DeadlinePolicy },
): Promise<CancelResult> {
  const { caller, idempotencyKey: key, requestHash: hash, orderId } = request;
  try {
    return await sql.begin(async (tx): Promise<CancelResult> => {
      const claim = await claimKey(tx, { caller, key, hash, result: orderId });
      if (claim.kind === 'reused') throw new Refused({ code: 'IDEMPOTENCY_KEY_REUSED' });
      if (claim.kind === 'replayed') {
        return { kind: 'done', orderId: claim.result, replayed: true, changes: [] };
      }
      const [order] = await lockOrders(tx, [orderId]);
      if (!order || (order.customerId !== caller && !request.isStaff)) {
        throw new Refused({ code: 'NOT_FOUND' });
      }
      const command = {
        kind: 'CancelOrder',
        reason: order.customerId === caller ? 'CUSTOMER_REQUEST' : 'STAFF_REQUEST',
        note: request.note,
        expectedVersion: request.expectedVersion,
      } as const;
      const { changes, rejections } = await advanceOrders(tx, [order], {
        instructions: [{ orderId, command, cause: request.cause }],
        ...context,
      });
      if (rejections[0]) throw new Refused(rejections[0].rejection);
      return { kind: 'done', orderId, replayed: false, changes };
    });
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', refusal: error.refusal };
    throw error;
  }
}
