import {
  applyToCharge,
  settleRefund,
  withRefund,
  type Charge,
  type ChargeCommand,
  type Refund,
} from './domain.ts';
import { createEventLog, type EventLog, type EventType } from './event-log.ts';
import { tokenBehaviours } from './tokens.ts';

/**
 * One line of the journal. What happens while running and what is read back on start go through the same
 * `apply`, so a restarted provider is the provider that stopped.
 */
export type JournalEntry =
  | {
      readonly entry: 'charge.created';
      readonly charge: Charge;
      readonly outcome: 'succeed' | 'decline';
      readonly dueAtMs: number;
    }
  | {
      readonly entry: 'charge.moved';
      readonly id: string;
      readonly command: ChargeCommand;
      readonly atSeconds: number;
      readonly eventId: string;
    }
  | { readonly entry: 'refund.created'; readonly refund: Refund; readonly dueAtMs: number }
  | {
      readonly entry: 'refund.moved';
      readonly id: string;
      readonly atSeconds: number;
      readonly eventId: string;
    }
  | { readonly entry: 'event.delivered' | 'event.abandoned'; readonly id: string };

/** A decision already taken whose time has yet to come. */
export type DueOutcome =
  | {
      readonly kind: 'charge';
      readonly id: string;
      readonly outcome: 'succeed' | 'decline';
      readonly dueAtMs: number;
    }
  | { readonly kind: 'refund'; readonly id: string; readonly dueAtMs: number };

export type SettledItem = { readonly kind: 'charge' | 'refund'; readonly id: string };

export type Ledger = {
  readonly apply: (entry: JournalEntry) => void;
  readonly charge: (id: string) => Charge | undefined;
  readonly chargeByKey: (idempotencyKey: string) => Charge | undefined;
  readonly refund: (id: string) => Refund | undefined;
  readonly refundByKey: (idempotencyKey: string) => Refund | undefined;
  /** At most `limit` charges in order of creation after the given one; `undefined` when that id is unknown. */
  readonly chargesAfter: (id: string | undefined, limit: number) => readonly Charge[] | undefined;
  readonly refundsAfter: (id: string | undefined, limit: number) => readonly Refund[] | undefined;
  readonly wasDeclinedOnce: (orderId: string) => boolean;
  readonly dueOutcomes: () => Iterable<DueOutcome>;
  /** What succeeded on that UTC day (`2026-01-31`), in the order in which it did. */
  readonly settledOn: (day: string) => readonly SettledItem[];
  readonly events: EventLog;
};

const eventTypeOf = {
  succeed: 'charge.succeeded',
  decline: 'charge.failed',
  cancel: 'charge.canceled',
} as const satisfies Record<ChargeCommand, EventType>;

const utcDay = (atSeconds: number): string => new Date(atSeconds * 1000).toISOString().slice(0, 10);

function refundOf(charge: Charge, id: string): Refund {
  const refund = charge.refunds.find((candidate) => candidate.id === id);
  if (refund === undefined) throw new Error(`the journal speaks of ${id}, which it never created`);
  return refund;
}

/** A list in order of creation that can be entered at any of its ids. */
function createSequence() {
  const ids: string[] = [];
  const positions = new Map<string, number>();
  return {
    add(id: string): void {
      positions.set(id, ids.length);
      ids.push(id);
    },
    after(id: string | undefined, limit: number): readonly string[] | undefined {
      if (id === undefined) return ids.slice(0, limit);
      const position = positions.get(id);
      return position === undefined ? undefined : ids.slice(position + 1, position + 1 + limit);
    },
  };
}

/** Everything the provider knows, in memory: about 1 kB a charge. */
export function createLedger(): Ledger {
  const charges = new Map<string, Charge>();
  const chargeSequence = createSequence();
  const chargeIdsByKey = new Map<string, string>();
  const chargeIdsByRefund = new Map<string, string>();
  const refundSequence = createSequence();
  const refundIdsByKey = new Map<string, string>();
  const declinedOnce = new Set<string>();
  const due = new Map<string, DueOutcome>();
  const settledByDay = new Map<string, SettledItem[]>();
  const events = createEventLog();

  function existingCharge(id: string | undefined): Charge {
    const charge = id === undefined ? undefined : charges.get(id);
    if (charge === undefined)
      throw new Error(`the journal speaks of ${id ?? 'a charge'}, which it never created`);
    return charge;
  }

  function recordSettled(kind: 'charge' | 'refund', id: string, atSeconds: number): void {
    const day = utcDay(atSeconds);
    const items = settledByDay.get(day);
    if (items === undefined) settledByDay.set(day, [{ kind, id }]);
    else items.push({ kind, id });
  }

  function createCharge({
    charge,
    outcome,
    dueAtMs,
  }: Extract<JournalEntry, { entry: 'charge.created' }>): void {
    charges.set(charge.id, charge);
    chargeSequence.add(charge.id);
    chargeIdsByKey.set(charge.idempotencyKey, charge.id);
    due.set(charge.id, { kind: 'charge', id: charge.id, outcome, dueAtMs });
    const orderId = charge.metadata['orderId'];
    if (charge.source === 'tok_declined_once' && orderId !== undefined) declinedOnce.add(orderId);
  }

  function moveCharge({
    id,
    command,
    atSeconds,
    eventId,
  }: Extract<JournalEntry, { entry: 'charge.moved' }>): void {
    const before = existingCharge(id);
    const charge = applyToCharge(before, command, atSeconds);
    if (charge === before) return;
    charges.set(id, charge);
    due.delete(id);
    if (charge.status === 'succeeded') recordSettled('charge', id, atSeconds);
    const copies = tokenBehaviours[charge.source].copies;
    events.record({
      id: eventId,
      type: eventTypeOf[command],
      created: atSeconds,
      object: charge,
      copies,
    });
  }

  function createRefund({
    refund,
    dueAtMs,
  }: Extract<JournalEntry, { entry: 'refund.created' }>): void {
    charges.set(refund.charge, withRefund(existingCharge(refund.charge), refund));
    chargeIdsByRefund.set(refund.id, refund.charge);
    refundSequence.add(refund.id);
    refundIdsByKey.set(refund.idempotencyKey, refund.id);
    due.set(refund.id, { kind: 'refund', id: refund.id, dueAtMs });
  }

  function moveRefund({
    id,
    atSeconds,
    eventId,
  }: Extract<JournalEntry, { entry: 'refund.moved' }>): void {
    const before = existingCharge(chargeIdsByRefund.get(id));
    const charge = settleRefund(before, id, atSeconds);
    if (charge === before) return;
    charges.set(charge.id, charge);
    due.delete(id);
    recordSettled('refund', id, atSeconds);
    const copies = tokenBehaviours[charge.source].copies;
    events.record({
      id: eventId,
      type: 'refund.succeeded',
      created: atSeconds,
      object: refundOf(charge, id),
      copies,
    });
  }

  function findRefund(id: string): Refund | undefined {
    const chargeId = chargeIdsByRefund.get(id);
    return chargeId === undefined ? undefined : refundOf(existingCharge(chargeId), id);
  }

  return {
    apply(entry) {
      switch (entry.entry) {
        case 'charge.created':
          return createCharge(entry);
        case 'charge.moved':
          return moveCharge(entry);
        case 'refund.created':
          return createRefund(entry);
        case 'refund.moved':
          return moveRefund(entry);
        case 'event.delivered':
          return events.finish(entry.id, 'delivered');
        case 'event.abandoned':
          return events.finish(entry.id, 'abandoned');
        default:
          throw new Error('the journal has an entry of an unknown kind');
      }
    },
    charge: (id) => charges.get(id),
    chargeByKey: (key) => charges.get(chargeIdsByKey.get(key) ?? ''),
    refund: findRefund,
    refundByKey: (key) => findRefund(refundIdsByKey.get(key) ?? ''),
    chargesAfter: (id, limit) =>
      chargeSequence.after(id, limit)?.map((each) => existingCharge(each)),
    refundsAfter: (id, limit) =>
      refundSequence
        .after(id, limit)
        ?.map((each) => refundOf(existingCharge(chargeIdsByRefund.get(each)), each)),
    wasDeclinedOnce: (orderId) => declinedOnce.has(orderId),
    dueOutcomes: () => due.values(),
    settledOn: (day) => settledByDay.get(day) ?? [],
    events,
  };
}
