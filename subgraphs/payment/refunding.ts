/**
 * Gives money back, once. The refund is committed with the decision to give it, its id is the provider's idempotency key,
 * and it is asked for until the provider says that it was paid. Crashes leave what they leave in charging.ts: a lease
 * that ends, and a call that may be repeated.
 */
import type { Logger } from '@ordergraph/platform/logger.ts';
import { ChannelUnavailable, RequestRefused, channelOf } from './channels/channel.ts';
import type { Channels, PaymentChannel, RefundOutcome } from './channels/channel.ts';
import type { Fact, FactResult } from './commands.ts';
import type { DueRefund, Note } from './store/work.ts';
import { startWorkLoop, type WorkLoop } from './work-loop.ts';

export type RefundingOptions = {
  readonly channels: Channels;
  readonly logger: Logger;
  readonly lease: (max: number) => Promise<readonly DueRefund[]>;
  readonly settle: (fact: Fact) => Promise<FactResult>;
  readonly note: (note: Note) => Promise<unknown>;
  readonly inFlightMax: number;
  readonly pollMs: number;
};

export function startRefunding(options: RefundingOptions): WorkLoop {
  return startWorkLoop<DueRefund>({
    ...options,
    name: 'refunding',
    work: (due) => pursue(options, due),
  });
}

async function pursue(options: RefundingOptions, due: DueRefund): Promise<void> {
  const { id, order_id: orderId } = due;
  try {
    const outcome = await refund(channelOf(options.channels, due.channel), due);
    const { providerRefundId } = outcome;
    if (outcome.status === 'succeeded') {
      await options.settle({ kind: 'refund', refundId: id, providerRefundId });
    } else await options.note({ id, answered: true, providerId: providerRefundId });
  } catch (error) {
    const known = error instanceof ChannelUnavailable || error instanceof RequestRefused;
    if (!known) throw error;
    // A refusal is for people to look into; the money is still owed, so it is asked for again.
    const level = error instanceof RequestRefused ? 'error' : 'warn';
    options.logger[level]({ orderId, refundId: id, reason: error.message }, 'a refund has to wait');
    await options.note({ id, answered: false, providerId: null });
  }
}

async function refund(channel: PaymentChannel, due: DueRefund): Promise<RefundOutcome> {
  if (!due.charge_id) throw new RequestRefused('there is no charge to refund');
  try {
    return await channel.refund({
      refundId: due.id,
      orderId: due.order_id,
      chargeId: due.charge_id,
      amount: { minor: due.amount_minor, currency: due.currency },
    });
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error;
    const earlier = await channel.findRefund(due.id);
    if (earlier) return earlier;
    throw error;
  }
}
