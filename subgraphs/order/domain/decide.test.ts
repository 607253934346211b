import { expect, test } from 'vitest';
import { decide, type OrderCommand } from './decide.ts';
import { evolve } from './evolve.ts';
import type { Order, OrderStatus } from './order.ts';
import { transitions } from './transitions.ts';

const now = new Date('2026-01-01T12:00:00Z');
const past = new Date('2026-01-01T11:59:59Z');
const statuses = Object.keys(transitions) as OrderStatus[];

function order(status: OrderStatus, given: Partial<Order> = {}): Order {
  return {
    id: 'ord_1',
    number: '100001',
    customerId: 'alice',
    status,
    statusReason: null,
    version: 3,
    currency: 'GBP',
    subtotalMinor: 1_000,
    totalMinor: 1_000,
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
    placedAt: past,
    updatedAt: past,
    holdExpiresAt: status === 'RESERVED' ? past : null,
    ...given,
  };
}

const commands = {
  RecordStockHeld: { kind: 'RecordStockHeld', expiresAt: new Date('2026-01-01T12:15:00Z') },
  RecordStockRefused: { kind: 'RecordStockRefused', reason: 'INSUFFICIENT_STOCK' },
  RecordPaymentCaptured: { kind: 'RecordPaymentCaptured', amountMinor: 1_000, currency: 'GBP' },
  RecordPaymentDeclined: { kind: 'RecordPaymentDeclined' },
  RecordPaymentMismatched: { kind: 'RecordPaymentMismatched' },
  EndHold: { kind: 'EndHold' },
  TimeOutPlacement: { kind: 'TimeOutPlacement' },
  CompleteCancellation: { kind: 'CompleteCancellation' },
  CancelOrder: {
    kind: 'CancelOrder',
    reason: 'CUSTOMER_REQUEST',
    note: null,
    expectedVersion: null,
  },
} as const satisfies Record<OrderCommand['kind'], OrderCommand>;

/** Written out by hand from the order's life as it was promised, not read from the code's own table. */
const outcomes: Record<
  OrderStatus,
  Record<OrderCommand['kind'], OrderStatus | 'ignored' | 'rejected'>
> = {
  PLACED: {
    RecordStockHeld: 'RESERVED',
    RecordStockRefused: 'REJECTED',
    RecordPaymentCaptured: 'ignored',
    RecordPaymentDeclined: 'ignored',
    RecordPaymentMismatched: 'ignored',
    EndHold: 'ignored',
    TimeOutPlacement: 'CANCELLING',
    CompleteCancellation: 'ignored',
    CancelOrder: 'CANCELLING',
  },
  RESERVED: {
    RecordStockHeld: 'ignored',
    RecordStockRefused: 'ignored',
    RecordPaymentCaptured: 'CONFIRMED',
    RecordPaymentDeclined: 'RESERVED',
    RecordPaymentMismatched: 'ON_HOLD',
    EndHold: 'EXPIRED',
    TimeOutPlacement: 'ignored',
    CompleteCancellation: 'ignored',
    CancelOrder: 'CANCELLING',
  },
  CONFIRMED: {
    RecordStockHeld: 'ignored',
    RecordStockRefused: 'ignored',
    RecordPaymentCaptured: 'ignored',
    RecordPaymentDeclined: 'ignored',
    RecordPaymentMismatched: 'ON_HOLD',
    EndHold: 'ignored',
    TimeOutPlacement: 'ignored',
    CompleteCancellation: 'ignored',
    CancelOrder: 'CANCELLING',
  },
  ON_HOLD: {
    RecordStockHeld: 'ignored',
    RecordStockRefused: 'ignored',
    RecordPaymentCaptured: 'ignored',
    RecordPaymentDeclined: 'ignored',
    RecordPaymentMismatched: 'ignored',
    EndHold: 'ignored',
    TimeOutPlacement: 'ignored',
    CompleteCancellation: 'ignored',
    CancelOrder: 'rejected',
  },
  CANCELLING: {
    RecordStockHeld: 'ignored',
    RecordStockRefused: 'ignored',
    RecordPaymentCaptured: 'ignored',
    RecordPaymentDeclined: 'ignored',
    RecordPaymentMismatched: 'ignored',
    EndHold: 'ignored',
    TimeOutPlacement: 'ignored',
    CompleteCancellation: 'CANCELLED',
    CancelOrder: 'rejected',
  },
  REJECTED: nothingButRefusal(),
  EXPIRED: nothingButRefusal(),
  CANCELLED: nothingButRefusal(),
};

function nothingButRefusal(): Record<OrderCommand['kind'], 'ignored' | 'rejected'> {
  return {
    RecordStockHeld: 'ignored',
    RecordStockRefused: 'ignored',
    RecordPaymentCaptured: 'ignored',
    RecordPaymentDeclined: 'ignored',
    RecordPaymentMismatched: 'ignored',
    EndHold: 'ignored',
    TimeOutPlacement: 'ignored',
    CompleteCancellation: 'ignored',
    CancelOrder: 'rejected',
  };
}

const cells = statuses.flatMap((status) =>
  Object.values(commands).map(
    (command) => [status, command.kind, outcomes[status][command.kind]] as const,
  ),
);

test.each(cells)('given %s, when %s, then %s', (status, kind, outcome) => {
  const decision = decide(order(status), commands[kind], { now, changeId: 'evt_1' });
  const reached = decision.kind === 'accepted' ? decision.change.status : decision.kind;
  expect(reached).toBe(outcome);
});

test.each(cells.filter(([, , outcome]) => outcome !== 'ignored' && outcome !== 'rejected'))(
  'given %s, when %s, the change counts one version on and the row follows it',
  (status, kind) => {
    const before = order(status);
    const decision = decide(before, commands[kind], { now, changeId: 'evt_1' });
    if (decision.kind !== 'accepted') throw new Error('not accepted');
    const { change } = decision;
    expect(change).toMatchObject({ version: 4, previousStatus: status, occurredAt: now });
    const after = evolve(before, change);
    expect(after).toMatchObject({ status: change.status, version: 4, updatedAt: now });
    // The database insists on it: a hold's end is known exactly while stock is held for payment.
    expect(after.holdExpiresAt !== null).toBe(after.status === 'RESERVED');
  },
);

test('a hold does not end before its time', () => {
  const held = order('RESERVED', { holdExpiresAt: new Date(now.getTime() + 1) });
  expect(decide(held, commands.EndHold, { now, changeId: 'evt_1' }).kind).toBe('ignored');
});

test.each([
  ['one minor unit less', { amountMinor: 999, currency: 'GBP' }],
  ['another currency', { amountMinor: 1_000, currency: 'EUR' }],
])('capturing %s puts the order on hold', (_title, captured) => {
  const decision = decide(
    order('RESERVED'),
    { kind: 'RecordPaymentCaptured', ...captured },
    { now, changeId: 'evt_1' },
  );
  expect(decision).toMatchObject({
    kind: 'accepted',
    change: { status: 'ON_HOLD', reason: 'AMOUNT_MISMATCH' },
  });
});

test('staff may cancel an order on hold', () => {
  const command = { ...commands.CancelOrder, reason: 'STAFF_REQUEST' } as const;
  const decision = decide(order('ON_HOLD'), command, { now, changeId: 'evt_1' });
  expect(decision).toMatchObject({ kind: 'accepted', change: { status: 'CANCELLING' } });
});

test('a cancellation that expects another version is a conflict, whatever the state', () => {
  for (const status of statuses) {
    const command = { ...commands.CancelOrder, expectedVersion: 2 };
    expect(decide(order(status), command, { now, changeId: 'evt_1' })).toEqual({
      kind: 'rejected',
      rejection: { code: 'VERSION_CONFLICT', expected: 2, actual: 3 },
    });
  }
});
