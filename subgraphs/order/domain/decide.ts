/** Decides what a command does to an order. Pure: the time and the identifiers arrive as data. */
import type { Order, OrderChange } from './order.ts';
import { nextStatus, type Trigger } from './transitions.ts';

export type OrderCommand =
  | { readonly kind: 'RecordStockHeld'; readonly expiresAt: Date }
  | { readonly kind: 'RecordStockRefused'; readonly reason: string }
  | {
      readonly kind: 'RecordPaymentCaptured';
      readonly amountMinor: number;
      readonly currency: string;
    }
  | { readonly kind: 'RecordPaymentDeclined' }
  | { readonly kind: 'RecordPaymentMismatched' }
  | { readonly kind: 'EndHold' }
  | { readonly kind: 'TimeOutPlacement' }
  | { readonly kind: 'CompleteCancellation' }
  | CancelOrder;

export type CancelOrder = {
  readonly kind: 'CancelOrder';
  readonly reason: 'CUSTOMER_REQUEST' | 'STAFF_REQUEST';
  readonly note: string | null;
  readonly expectedVersion: number | null;
};

export type Rejection =
  | { readonly code: 'INVALID_TRANSITION'; readonly status: Order['status'] }
  | { readonly code: 'VERSION_CONFLICT'; readonly expected: number; readonly actual: number };

export type Decision =
  | { readonly kind: 'accepted'; readonly change: OrderChange }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  /** What was reported has no bearing on the order any more. */
  | { readonly kind: 'ignored' };

export type Occasion = { readonly now: Date; readonly changeId: string };

/** Decides a command against an order as it is. */
export function decide(order: Order, command: OrderCommand, occasion: Occasion): Decision {
  switch (command.kind) {
    case 'RecordStockHeld':
      return reported(order, 'stock held', { ...occasion, holdExpiresAt: command.expiresAt });
    case 'RecordStockRefused':
      return reported(order, 'stock refused', { ...occasion, reason: command.reason });
    case 'RecordPaymentCaptured':
      return command.amountMinor === order.totalMinor && command.currency === order.currency
        ? reported(order, 'payment captured', occasion)
        : reported(order, 'payment mismatched', { ...occasion, reason: 'AMOUNT_MISMATCH' });
    case 'RecordPaymentDeclined':
      return reported(order, 'payment declined', {
        ...occasion,
        reason: 'PAYMENT_DECLINED',
        holdExpiresAt: order.holdExpiresAt,
      });
    case 'RecordPaymentMismatched':
      return reported(order, 'payment mismatched', { ...occasion, reason: 'AMOUNT_MISMATCH' });
    case 'EndHold':
      if (!order.holdExpiresAt || order.holdExpiresAt > occasion.now) return { kind: 'ignored' };
      return reported(order, 'hold ended', { ...occasion, reason: 'HOLD_EXPIRED' });
    case 'TimeOutPlacement':
      return reported(order, 'placement timed out', { ...occasion, reason: 'PLACEMENT_TIMED_OUT' });
    case 'CompleteCancellation':
      return reported(order, 'stock and money returned', {
        ...occasion,
        reason: order.statusReason,
      });
    case 'CancelOrder':
      return decideCancellation(order, command, occasion);
  }
}

type Outcome = Occasion & {
  readonly reason?: string | null;
  readonly note?: string | null;
  readonly holdExpiresAt?: Date | null;
};

function reported(order: Order, trigger: Trigger, outcome: Outcome): Decision {
  const status = nextStatus(order.status, trigger);
  if (!status) return { kind: 'ignored' };
  return {
    kind: 'accepted',
    change: {
      id: outcome.changeId,
      orderId: order.id,
      customerId: order.customerId,
      version: order.version + 1,
      previousStatus: order.status,
      status,
      reason: outcome.reason ?? null,
      note: outcome.note ?? null,
      holdExpiresAt: outcome.holdExpiresAt ?? null,
      occurredAt: outcome.now,
    },
  };
}

function decideCancellation(order: Order, command: CancelOrder, occasion: Occasion): Decision {
  const { expectedVersion: expected, reason, note } = command;
  if (expected !== null && expected !== order.version) {
    const rejection = { code: 'VERSION_CONFLICT', expected, actual: order.version } as const;
    return { kind: 'rejected', rejection };
  }
  // An order on hold waits for staff; a customer's own cancellation must not take it out of their hands.
  const forStaff = order.status === 'ON_HOLD' && reason !== 'STAFF_REQUEST';
  const decision = reported(order, 'cancellation asked', { ...occasion, reason, note });
  if (decision.kind === 'ignored' || forStaff) {
    return { kind: 'rejected', rejection: { code: 'INVALID_TRANSITION', status: order.status } };
  }
  return decision;
}
