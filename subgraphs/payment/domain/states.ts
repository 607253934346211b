/** The states of a payment and of its attempts, and every step between them, as data. */

/** What the row says. `PENDING` with a closing is an attempt being withdrawn. */
export type PaymentStatus =
  | 'PENDING'
  | 'DECLINED'
  | 'CAPTURED'
  | 'MISMATCHED'
  | 'REFUNDING'
  | 'REFUNDED'
  | 'VOIDED';

/** Where a payment stands, its closing included; `NONE` is an order nothing is known of. */
export type PaymentState = PaymentStatus | 'NONE' | 'WITHDRAWING';

export type PaymentTrigger =
  /** Stock is held: take the money. */
  | 'reserve'
  /** The customer tries again. */
  | 'pay'
  /** The order has ended: all money goes back. */
  | 'close'
  /** The latest attempt was captured, exactly as asked. */
  | 'capture'
  /** The latest attempt was captured with another amount or currency. */
  | 'captureOther'
  /** An earlier attempt, given up before, was captured after all. */
  | 'captureSurplus'
  /** The provider declined the latest attempt. */
  | 'decline'
  /** The latest attempt was withdrawn, here or at the provider. */
  | 'void'
  /** A refund reached the customer. */
  | 'refund';

/**
 * `same`: nothing changes, because it was said before or was overtaken. `refused`: the command is not allowed.
 * `ended`: REFUNDING while a refund is under way, REFUNDED if money ever came, VOIDED otherwise.
 */
export type PaymentStep = PaymentStatus | 'WITHDRAWING' | 'same' | 'refused' | 'ended';

export const paymentTransitions = {
  NONE: {
    reserve: 'PENDING',
    pay: 'refused',
    close: 'ended',
    capture: 'refused',
    captureOther: 'refused',
    captureSurplus: 'refused',
    decline: 'refused',
    void: 'refused',
    refund: 'refused',
  },
  PENDING: {
    reserve: 'same',
    pay: 'refused',
    close: 'WITHDRAWING',
    capture: 'CAPTURED',
    captureOther: 'MISMATCHED',
    captureSurplus: 'same',
    decline: 'DECLINED',
    void: 'DECLINED',
    refund: 'same',
  },
  DECLINED: {
    reserve: 'same',
    pay: 'PENDING',
    close: 'ended',
    capture: 'CAPTURED',
    captureOther: 'MISMATCHED',
    captureSurplus: 'same',
    decline: 'same',
    void: 'same',
    refund: 'same',
  },
  CAPTURED: {
    reserve: 'same',
    pay: 'refused',
    close: 'ended',
    capture: 'same',
    captureOther: 'same',
    captureSurplus: 'same',
    decline: 'same',
    void: 'same',
    refund: 'same',
  },
  MISMATCHED: {
    reserve: 'same',
    pay: 'refused',
    close: 'ended',
    capture: 'same',
    captureOther: 'same',
    captureSurplus: 'same',
    decline: 'same',
    void: 'same',
    refund: 'same',
  },
  WITHDRAWING: {
    reserve: 'same',
    pay: 'refused',
    close: 'same',
    capture: 'ended',
    captureOther: 'ended',
    captureSurplus: 'same',
    decline: 'ended',
    void: 'ended',
    refund: 'same',
  },
  REFUNDING: {
    reserve: 'same',
    pay: 'refused',
    close: 'same',
    capture: 'ended',
    captureOther: 'ended',
    captureSurplus: 'ended',
    decline: 'same',
    void: 'same',
    refund: 'ended',
  },
  REFUNDED: {
    reserve: 'same',
    pay: 'refused',
    close: 'same',
    capture: 'ended',
    captureOther: 'ended',
    captureSurplus: 'ended',
    decline: 'same',
    void: 'same',
    refund: 'same',
  },
  VOIDED: {
    reserve: 'same',
    pay: 'refused',
    close: 'same',
    capture: 'ended',
    captureOther: 'ended',
    captureSurplus: 'ended',
    decline: 'same',
    void: 'same',
    refund: 'same',
  },
} as const satisfies Record<PaymentState, Record<PaymentTrigger, PaymentStep>>;

export type AttemptStatus = 'PENDING' | 'WITHDRAWING' | 'CAPTURED' | 'DECLINED' | 'VOIDED';

/** `QUEUED` is a pending attempt of which the provider cannot have heard. */
export type AttemptState = AttemptStatus | 'QUEUED';

export type AttemptTrigger = 'withdraw' | 'capture' | 'decline' | 'void';

/** Money outweighs words: a capture is believed in every state, and only once. */
export const attemptTransitions = {
  QUEUED: { withdraw: 'VOIDED', capture: 'CAPTURED', decline: 'DECLINED', void: 'VOIDED' },
  PENDING: { withdraw: 'WITHDRAWING', capture: 'CAPTURED', decline: 'DECLINED', void: 'VOIDED' },
  WITHDRAWING: { withdraw: 'same', capture: 'CAPTURED', decline: 'DECLINED', void: 'VOIDED' },
  DECLINED: { withdraw: 'same', capture: 'CAPTURED', decline: 'same', void: 'same' },
  VOIDED: { withdraw: 'same', capture: 'CAPTURED', decline: 'same', void: 'same' },
  CAPTURED: { withdraw: 'same', capture: 'same', decline: 'same', void: 'same' },
} as const satisfies Record<AttemptState, Record<AttemptTrigger, AttemptStatus | 'same'>>;

export type RefundStatus = 'PENDING' | 'SUCCEEDED';
