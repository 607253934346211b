import { randomUUID } from 'node:crypto';
import {
  chargeTransitions,
  refundableMinor,
  type Charge,
  type ChargeCommand,
  type Refund,
} from './domain.ts';
import type { ProviderEvent } from './event-log.ts';
import type { Journal } from './journal.ts';
import type { DueOutcome, Ledger } from './ledger.ts';
import { accept, refuse, type Result } from './problem.ts';
import { isSameCharge, isSameRefund, type ChargeRequest, type RefundRequest } from './requests.ts';
import { tokenBehaviours, type OutcomeDelay, type TokenBehaviour } from './tokens.ts';
import type { WebhookSender } from './webhooks.ts';

export type ProviderParts = {
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly webhooks: WebhookSender;
  readonly delayMs: Readonly<Record<OutcomeDelay, number>>;
};

export type CreatedCharge = {
  readonly charge: Charge;
  readonly replayed: boolean;
  readonly answer: TokenBehaviour['firstAnswer'];
};

/**
 * The provider's commands. Each decides against the ledger, applies and journals what it decided, and resolves once
 * that is in the file; a webhook leaves only after its change is there too. So a crash loses nothing that anyone was
 * told, and an outcome whose time came meanwhile is told after the restart, by `resume`.
 */
export type Provider = {
  createCharge(request: ChargeRequest, idempotencyKey: string): Promise<Result<CreatedCharge>>;
  cancelCharge(id: string): Promise<Result<Charge>>;
  createRefund(
    request: RefundRequest,
    idempotencyKey: string,
  ): Promise<Result<{ refund: Refund; replayed: boolean }>>;
  /** Sends an event again, however it went before, `times` times at once. */
  redeliver(eventId: string, times: number): Result<ProviderEvent>;
  resume(): void;
  stop(): void;
};

const timerMsMax = 2 ** 31 - 1;
const newId = (prefix: 'ch' | 're' | 'evt'): string =>
  `${prefix}_${randomUUID().replaceAll('-', '')}`;
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

const unavailable = () =>
  refuse(503, 'journal_unavailable', 'The journal cannot be written at the moment. Try again.');
const keyReused = () =>
  refuse(
    409,
    'idempotency_key_reused',
    'This key was used with another request.',
    'Idempotency-Key',
  );

export function createProvider({ ledger, journal, webhooks, delayMs }: ProviderParts): Provider {
  const timers = new Map<string, NodeJS.Timeout>();
  let stopped = false;

  async function tell(event: ProviderEvent): Promise<void> {
    const state = await webhooks.deliver(event);
    const entry = { entry: `event.${state}`, id: event.id } as const;
    ledger.apply(entry);
    journal.note(entry);
  }

  async function tellWhenWritten(written: Promise<void>, eventId: string): Promise<void> {
    await written;
    const logged = ledger.events.find(eventId);
    if (logged?.state === 'pending') await tell(logged.event);
  }

  function moveCharge(id: string, command: ChargeCommand): Promise<void> {
    const entry = {
      entry: 'charge.moved',
      id,
      command,
      atSeconds: nowSeconds(),
      eventId: newId('evt'),
    } as const;
    ledger.apply(entry);
    const written = journal.append(entry);
    void tellWhenWritten(written, entry.eventId);
    return written;
  }

  function moveRefund(id: string): void {
    const entry = {
      entry: 'refund.moved',
      id,
      atSeconds: nowSeconds(),
      eventId: newId('evt'),
    } as const;
    ledger.apply(entry);
    void tellWhenWritten(journal.append(entry), entry.eventId);
  }

  function schedule(due: DueOutcome): void {
    if (stopped) return;
    const waitMs = Math.min(Math.max(due.dueAtMs - Date.now(), 0), timerMsMax);
    const timer = setTimeout(() => {
      timers.delete(due.id);
      if (due.kind === 'refund') moveRefund(due.id);
      else void moveCharge(due.id, due.outcome);
    }, waitMs);
    timers.set(due.id, timer);
  }

  function outcomeOf({ source, metadata }: ChargeRequest): 'succeed' | 'decline' {
    const { outcome }: TokenBehaviour = tokenBehaviours[source];
    if (outcome !== 'declineFirstOfOrder') return outcome;
    return ledger.wasDeclinedOnce(metadata['orderId'] ?? '') ? 'succeed' : 'decline';
  }

  return {
    async createCharge(request, idempotencyKey) {
      const earlier = ledger.chargeByKey(idempotencyKey);
      if (earlier !== undefined) {
        if (!isSameCharge(earlier, request)) return keyReused();
        await journal.written();
        return accept({
          charge: ledger.charge(earlier.id) ?? earlier,
          replayed: true,
          answer: 'charge',
        });
      }
      if (journal.isClogged()) return unavailable();
      const { firstAnswer, delay }: TokenBehaviour = tokenBehaviours[request.source];
      const charge: Charge = {
        id: newId('ch'),
        object: 'charge',
        status: 'pending',
        amount: request.amount,
        amountCaptured: 0,
        amountRefunded: 0,
        currency: request.currency,
        failureCode: null,
        source: request.source,
        metadata: request.metadata,
        created: nowSeconds(),
        settled: null,
        idempotencyKey,
        refunds: [],
      };
      const outcome = outcomeOf(request);
      const dueAtMs = Date.now() + delayMs[delay];
      const entry = { entry: 'charge.created', charge, outcome, dueAtMs } as const;
      ledger.apply(entry);
      const written = journal.append(entry);
      schedule({ kind: 'charge', id: charge.id, outcome, dueAtMs });
      await written;
      return accept({ charge, replayed: false, answer: firstAnswer });
    },

    async cancelCharge(id) {
      const charge = ledger.charge(id);
      if (charge === undefined) return refuse(404, 'not_found', 'There is no such charge.', 'id');
      const next = chargeTransitions[charge.status].cancel;
      if (next === 'refused') {
        return refuse(
          409,
          'charge_already_succeeded',
          'The charge has succeeded: refund it instead.',
          'id',
        );
      }
      if (next === 'unchanged') {
        await journal.written();
        return accept(charge);
      }
      if (journal.isClogged()) return unavailable();
      clearTimeout(timers.get(id));
      timers.delete(id);
      await moveCharge(id, 'cancel');
      return accept(ledger.charge(id) ?? charge);
    },

    async createRefund(request, idempotencyKey) {
      const earlier = ledger.refundByKey(idempotencyKey);
      if (earlier !== undefined) {
        if (!isSameRefund(earlier, request)) return keyReused();
        await journal.written();
        return accept({ refund: ledger.refund(earlier.id) ?? earlier, replayed: true });
      }
      const charge = ledger.charge(request.charge);
      if (charge === undefined)
        return refuse(404, 'not_found', 'There is no such charge.', 'charge');
      const left = refundableMinor(charge);
      if (request.amount > left) {
        return refuse(
          409,
          'refund_exceeds_charge',
          `At most ${left} of this charge can be refunded now.`,
          'amount',
        );
      }
      if (journal.isClogged()) return unavailable();
      const refund: Refund = {
        id: newId('re'),
        object: 'refund',
        charge: charge.id,
        status: 'pending',
        amount: request.amount,
        currency: charge.currency,
        metadata: request.metadata,
        created: nowSeconds(),
        settled: null,
        idempotencyKey,
      };
      const dueAtMs = Date.now() + delayMs.soon;
      const entry = { entry: 'refund.created', refund, dueAtMs } as const;
      ledger.apply(entry);
      const written = journal.append(entry);
      schedule({ kind: 'refund', id: refund.id, dueAtMs });
      await written;
      return accept({ refund, replayed: false });
    },

    redeliver(eventId, times) {
      const logged = ledger.events.find(eventId);
      if (logged === undefined)
        return refuse(404, 'not_found', 'There is no such event any more.', 'id');
      for (let sent = 0; sent < times; sent += 1)
        void webhooks.deliver({ ...logged.event, copies: 1 });
      return accept(logged.event);
    },

    resume() {
      for (const due of ledger.dueOutcomes()) schedule(due);
      for (const event of ledger.events.pending()) void tell(event);
    },

    stop() {
      stopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
