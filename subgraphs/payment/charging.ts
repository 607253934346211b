/**
 * Takes money, and gives up taking it. Calls to a provider happen outside transactions; this is the protocol.
 *
 * 1. The order's event (or payOrder) commits the attempt, PENDING and due at once. Its id is the idempotency key.
 * 2. The worker leases due attempts in a short transaction: `tries` grows, `next_action_at` moves behind the call.
 * 3. It calls the provider under the key. A final answer is settled like a webhook; "pending" notes the charge's id and
 *    leaves the rest to the webhook; no answer is noted for another try under the same key.
 * 4. Whatever brings the outcome (answer, webhook, look-up), `settle` applies it once, under the payment's lock, with
 *    ledger and outbox in the same transaction. If no webhook comes, the attempt is due again and the provider is asked.
 * 5. A closing withdraws a pending attempt. One that was never leased is void there and then: nobody will call, because a
 *    lease takes only PENDING rows. Otherwise it is WITHDRAWING, and the worker looks the charge up, cancels it, or learns
 *    that it was captured: then it is refunded. Withdrawing waits for the end of a call under way, its lease.
 *
 * A crash
 * - before the lease commits: the attempt is due still, and the next look finds it;
 * - after the lease, before the call, or in it, or after the provider accepted: the lease ends, and the call is repeated
 *   under the same key, to which the provider answers with the one charge it has; its webhook may settle it sooner;
 * - after the outcome's commit, before the relay published it: the outbox row is there, the relay finds it.
 * A process that was stopped for longer than its lease does not call with what it holds: it checks the lease's age just
 * before. Should a call reach the provider all the same after the attempt was given up, the capture is believed when it is
 * told, and refunded.
 */
import type { Logger } from '@ordergraph/platform/logger.ts';
import { ChannelUnavailable, RequestRefused, channelOf } from './channels/channel.ts';
import type { Channels, PaymentChannel } from './channels/channel.ts';
import type { Fact, FactResult } from './commands.ts';
import type { ChargeOutcome } from './domain/commands.ts';
import type { DueAttempt, Note } from './store/work.ts';
import { startWorkLoop } from './work-loop.ts';

export type ChargingOptions = {
  readonly channels: Channels;
  readonly logger: Logger;
  /** Leases due attempts for `leaseMs`. */
  readonly lease: (max: number) => Promise<readonly DueAttempt[]>;
  readonly settle: (fact: Fact) => Promise<FactResult>;
  readonly note: (note: Note) => Promise<unknown>;
  readonly inFlightMax: number;
  readonly pollMs: number;
  /** How long a lease may be old when a call begins, in milliseconds. */
  readonly leaseUsableMs: number;
};

/** `settled` tells that attempts have their outcome: calls still under way for them are given up. */
export type Charging = {
  wake(): void;
  settled(attemptIds: readonly string[]): void;
  stop(): Promise<void>;
};

type LeasedAttempt = DueAttempt & { readonly leasedAtMs: number };

/** After so many calls in a row without an answer only one at a time probes the provider. */
const unansweredMax = 16;
const stopGraceMs = 1_000;

export function startCharging(options: ChargingOptions): Charging {
  const calls = new Map<string, AbortController>();
  let unanswered = 0;

  const pursue = async (attempt: LeasedAttempt): Promise<void> => {
    if (performance.now() - attempt.leasedAtMs > options.leaseUsableMs) return;
    const call = new AbortController();
    calls.set(attempt.id, call);
    try {
      const outcome = await ask(channelOf(options.channels, attempt.channel), attempt, call.signal);
      unanswered = 0;
      await record(options, attempt, outcome);
    } catch (error) {
      if (!(error instanceof ChannelUnavailable)) throw error;
      if (!call.signal.aborted) {
        const { order_id: orderId, tries } = attempt;
        options.logger.warn({ orderId, tries, reason: error.message }, 'a charge has to wait');
        unanswered += 1;
      }
      await options.note({ id: attempt.id, answered: false, providerId: null });
    } finally {
      calls.delete(attempt.id);
    }
  };

  const loop = startWorkLoop<LeasedAttempt>({
    ...options,
    name: 'charging',
    work: pursue,
    async lease(free) {
      const probing = unanswered >= unansweredMax;
      if (probing && calls.size > 0) return [];
      const leasedAtMs = performance.now();
      const due = await options.lease(probing ? 1 : free);
      return due.map((attempt) => ({ ...attempt, leasedAtMs }));
    },
  });

  return {
    wake: () => loop.wake(),
    settled(attemptIds) {
      for (const id of attemptIds) calls.get(id)?.abort();
    },
    async stop() {
      const timer = setTimeout(() => calls.forEach((call) => call.abort()), stopGraceMs);
      await loop.stop();
      clearTimeout(timer);
    },
  };
}

async function record(
  { settle, note, logger }: ChargingOptions,
  attempt: DueAttempt,
  outcome: ChargeOutcome,
): Promise<void> {
  const { id, order_id: orderId } = attempt;
  if (outcome.kind === 'pending') {
    await note({ id, answered: true, providerId: outcome.chargeId });
    return;
  }
  const result = await settle({ kind: 'charge', attemptId: id, outcome });
  if (result === 'settled') return;
  logger.error({ orderId, attemptId: id, result }, 'an outcome could not be applied');
  await note({ id, answered: true, providerId: null });
}

function ask(
  channel: PaymentChannel,
  attempt: DueAttempt,
  signal: AbortSignal,
): Promise<ChargeOutcome> {
  return attempt.status === 'WITHDRAWING'
    ? withdraw(channel, attempt)
    : charge(channel, attempt, signal);
}

async function charge(
  channel: PaymentChannel,
  attempt: DueAttempt,
  signal: AbortSignal,
): Promise<ChargeOutcome> {
  const known = attempt.provider_charge_id && (await channel.findCharge(attempt.id));
  if (known) return known;
  try {
    return await channel.charge(
      {
        attemptId: attempt.id,
        orderId: attempt.order_id,
        amount: { minor: attempt.amount_minor, currency: attempt.currency },
        token: attempt.token,
      },
      signal,
    );
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error;
    // An earlier call may have been accepted, though this one is refused.
    const earlier = attempt.tries > 1 ? await channel.findCharge(attempt.id) : undefined;
    return earlier ?? { kind: 'declined', chargeId: null, failureCode: error.failureCode };
  }
}

/** How the charge stands after it was cancelled if it could be; void if the provider never heard of it. */
async function withdraw(channel: PaymentChannel, attempt: DueAttempt): Promise<ChargeOutcome> {
  let chargeId = attempt.provider_charge_id;
  if (!chargeId) {
    const found = await channel.findCharge(attempt.id);
    if (!found) return { kind: 'voided', chargeId: null };
    if (found.kind !== 'pending') return found;
    chargeId = found.chargeId;
  }
  try {
    return await channel.cancel(chargeId);
  } catch (error) {
    if (error instanceof RequestRefused)
      throw new ChannelUnavailable(error.failureCode, { cause: error });
    throw error;
  }
}
