/**
 * What an order's news does to its stock: the whole state machine as one table. Events of an order may arrive twice or
 * out of order, so every cell is decided.
 */

/** How an order stands with its stock. `UNKNOWN`: nothing was heard of it yet, there is no row. */
export const stockStates = [
  'UNKNOWN',
  'HELD',
  'PINNED',
  'ALLOCATED',
  'REFUSED',
  'RELEASED',
] as const;
export type StockState = (typeof stockStates)[number];
export type KnownState = Exclude<StockState, 'UNKNOWN'>;

/** What happened to the order. */
export const triggers = ['placed', 'confirmed', 'expired', 'cancelling', 'putOnHold'] as const;
export type Trigger = (typeof triggers)[number];

export type Reaction =
  /** Set stock aside for every line, or for none. */
  | { readonly does: 'hold'; readonly to: readonly ['HELD', 'REFUSED'] }
  /** What is held or allocated is held without an end, for staff to decide. */
  | { readonly does: 'pin'; readonly to: 'PINNED' }
  | { readonly does: 'allocate'; readonly to: 'ALLOCATED' }
  /** Give back what is held or allocated, if anything; `tells` answers that this is done. */
  | { readonly does: 'release'; readonly to: 'RELEASED'; readonly tells: boolean }
  | { readonly does: 'nothing' }
  /** Cannot follow from the order's history: refused, delivered again, and at last a dead letter. */
  | { readonly does: 'fault' };

const hold: Reaction = { does: 'hold', to: ['HELD', 'REFUSED'] };
const pin: Reaction = { does: 'pin', to: 'PINNED' };
const allocate: Reaction = { does: 'allocate', to: 'ALLOCATED' };
const release: Reaction = { does: 'release', to: 'RELEASED', tells: false };
const releaseAndTell: Reaction = { does: 'release', to: 'RELEASED', tells: true };
const nothing: Reaction = { does: 'nothing' };
const fault: Reaction = { does: 'fault' };

/** State × trigger. `RELEASED` is a tombstone as well: an order ended before it was heard of never gets stock. */
export const transitions: Readonly<Record<StockState, Readonly<Record<Trigger, Reaction>>>> = {
  UNKNOWN: {
    placed: hold,
    // An order is confirmed or put on hold only after stock was held for it, so its placing must still come.
    confirmed: fault,
    expired: release,
    cancelling: releaseAndTell,
    putOnHold: fault,
  },
  HELD: {
    placed: nothing,
    confirmed: allocate,
    expired: release,
    cancelling: releaseAndTell,
    putOnHold: pin,
  },
  PINNED: {
    placed: nothing,
    // An order on hold is never confirmed, so this came late: it was confirmed before it was put on hold.
    confirmed: nothing,
    expired: release,
    cancelling: releaseAndTell,
    putOnHold: nothing,
  },
  ALLOCATED: {
    placed: nothing,
    confirmed: nothing,
    // The order service decides between the two under one lock; both cannot have happened.
    expired: fault,
    cancelling: releaseAndTell,
    putOnHold: pin,
  },
  REFUSED: {
    placed: nothing,
    confirmed: fault,
    expired: nothing,
    cancelling: releaseAndTell,
    putOnHold: fault,
  },
  RELEASED: {
    placed: nothing,
    confirmed: nothing,
    expired: nothing,
    cancelling: releaseAndTell,
    putOnHold: nothing,
  },
};
