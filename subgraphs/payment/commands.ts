/** What can be done to payments: load and lock, decide, save, book and publish, in one transaction. */
import type { Clock } from '@ordergraph/platform/clock.ts';
import type { Database, Transaction } from '@ordergraph/platform/database.ts';
import { claimKey, requestHash } from '@ordergraph/platform/idempotency.ts';
import { newId } from '@ordergraph/platform/ids.ts';
import { decideBatch, type Addressed, type Change } from './domain/batch.ts';
import type { Decision, FinalOutcome, NewAttempt, Refusal } from './domain/commands.ts';
import { bookingsOf } from './domain/ledger.ts';
import type { Origin, Payment } from './domain/payment.ts';
import { book } from './store/ledger.ts';
import { lockPayments, lockPaymentsOf } from './store/payments.ts';
import { savePayments } from './store/saving.ts';

export type PaymentsOptions = {
  readonly sql: Database;
  readonly clock: Clock;
  /** Writes what happened to the outbox. */
  readonly publish: (tx: Transaction, changes: readonly Change[]) => Promise<void>;
  /** Called after a commit that changed something, with what it changed. */
  readonly committed: (changes: readonly Change[]) => void;
};

/** What a provider told, by webhook, answer or look-up. */
export type Fact =
  | { readonly kind: 'charge'; readonly attemptId: string; readonly outcome: FinalOutcome }
  | { readonly kind: 'refund'; readonly refundId: string; readonly providerRefundId: string };

/** `settled`: it was applied, or changes nothing. Otherwise why it could not be. */
export type FactResult = 'settled' | Refusal;

export type PayOrder = {
  readonly caller: string;
  readonly idempotencyKey: string;
  readonly orderId: string;
  readonly payment: Omit<NewAttempt, 'id'>;
  readonly origin: Origin;
};

export type PayOrderResult =
  | { readonly kind: 'done'; readonly replayed: boolean }
  | {
      readonly kind: 'refused';
      readonly reason: 'NOT_FOUND' | 'INVALID_TRANSITION' | 'KEY_REUSED';
    };

export type Payments = ReturnType<typeof createPayments>;

export function createPayments(options: PaymentsOptions) {
  return {
    payOrder: (command: PayOrder) => payOrder(options, command),
    /** Runs commands in the caller's transaction, each once; the caller knows when it is committed. */
    run: (tx: Transaction, commands: readonly Addressed[]) => run(options, tx, commands),
    /**
     * The one place where outcomes take effect, whoever brings them and however often. Runs in the caller's
     * transaction; the n-th result answers the n-th fact.
     */
    settle: (tx: Transaction, facts: readonly Fact[]) => settle(options, tx, facts),
    /** The same, in a transaction of its own. */
    settleNow: (facts: readonly Fact[]) => settleNow(options, facts),
  };
}

async function run(
  options: PaymentsOptions,
  tx: Transaction,
  commands: readonly Addressed[],
): Promise<readonly Change[]> {
  const loaded = await lockPayments(tx, [...new Set(commands.map(({ orderId }) => orderId))]);
  return (await apply(options, tx, { loaded, commands })).changes;
}

async function settle(
  options: PaymentsOptions,
  tx: Transaction,
  facts: readonly Fact[],
): Promise<{ readonly results: readonly FactResult[]; readonly changes: readonly Change[] }> {
  const loaded = await lockPaymentsOf(tx, {
    attemptIds: facts.flatMap((fact) => (fact.kind === 'charge' ? [fact.attemptId] : [])),
    refundIds: facts.flatMap((fact) => (fact.kind === 'refund' ? [fact.refundId] : [])),
  });
  const at = options.clock.now();
  const orderIds = orderIdsByPart(loaded);
  const commands = facts.map((fact): Addressed => {
    return fact.kind === 'charge'
      ? {
          orderId: orderIds.get(fact.attemptId) ?? '',
          command: { ...fact, kind: 'RecordCharge', at },
        }
      : {
          orderId: orderIds.get(fact.refundId) ?? '',
          command: { ...fact, kind: 'RecordRefund', at },
        };
  });
  const { decisions, changes } = await apply(options, tx, { loaded, commands });
  return { results: decisions.map(resultOf), changes };
}

async function settleNow(
  options: PaymentsOptions,
  facts: readonly Fact[],
): Promise<readonly FactResult[]> {
  const { results, changes } = await options.sql.begin((tx) => settle(options, tx, facts));
  options.committed(changes);
  return results;
}

async function apply(
  { publish }: PaymentsOptions,
  tx: Transaction,
  { loaded, commands }: { loaded: ReadonlyMap<string, Payment>; commands: readonly Addressed[] },
): Promise<ReturnType<typeof decideBatch>> {
  const batch = decideBatch(loaded, commands);
  // Sent without waiting for one another: one connection runs them in this order, in one round trip.
  await Promise.all([
    savePayments(tx, batch.changes),
    book(tx, batch.changes.flatMap(bookingsOf)),
    publish(tx, batch.changes),
  ]);
  return batch;
}

/** Rolls a transaction back; its value is the refusal. */
class Refused extends Error {
  readonly reason: Extract<PayOrderResult, { kind: 'refused' }>['reason'];
  constructor(reason: Refused['reason']) {
    super(reason);
    this.name = 'Refused';
    this.reason = reason;
  }
}

async function payOrder(options: PaymentsOptions, command: PayOrder): Promise<PayOrderResult> {
  try {
    const { replayed, changes } = await options.sql.begin((tx) => pay(options, tx, command));
    options.committed(changes);
    return { kind: 'done', replayed };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', reason: error.reason };
    throw error;
  }
}

async function pay(
  options: PaymentsOptions,
  tx: Transaction,
  { caller, idempotencyKey, orderId, payment: means, origin }: PayOrder,
): Promise<{ replayed: boolean; changes: readonly Change[] }> {
  const attempt = { ...means, id: newId('att') };
  const hash = requestHash('payOrder', { orderId, payment: means });
  const claim = await claimKey(tx, { caller, key: idempotencyKey, hash, result: attempt.id });
  if (claim.kind === 'reused') throw new Refused('KEY_REUSED');
  if (claim.kind === 'replayed') return { replayed: true, changes: [] };
  const loaded = await lockPayments(tx, [orderId]);
  if (loaded.get(orderId)?.customerId !== caller) throw new Refused('NOT_FOUND');
  const again: Addressed = {
    orderId,
    command: { kind: 'Pay', attempt, origin, at: options.clock.now() },
  };
  const { decisions, changes } = await apply(options, tx, { loaded, commands: [again] });
  if (decisions.some(({ kind }) => kind === 'refused')) throw new Refused('INVALID_TRANSITION');
  return { replayed: false, changes };
}

function orderIdsByPart(loaded: ReadonlyMap<string, Payment>): Map<string, string> {
  return new Map(
    [...loaded.values()].flatMap(({ orderId, attempts, refunds }) =>
      [...attempts, ...refunds].map(({ id }): [string, string] => [id, orderId]),
    ),
  );
}

function resultOf(decision: Decision): FactResult {
  return decision.kind === 'refused' ? decision.reason : 'settled';
}
