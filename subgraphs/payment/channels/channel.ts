/** What every payment provider has to be able to do. A further provider is a further implementation. */
import type { ChargeOutcome, FinalOutcome } from '../domain/commands.ts';
import type { ChannelName, Money } from '../domain/payment.ts';

export type ChargeRequest = {
  /** Also the idempotency key: the same attempt is never charged twice. */
  readonly attemptId: string;
  readonly orderId: string;
  readonly amount: Money;
  /** The customer's token; never logged. */
  readonly token: string;
};

export type RefundRequest = {
  /** Also the idempotency key. */
  readonly refundId: string;
  readonly orderId: string;
  readonly chargeId: string;
  readonly amount: Money;
};

export type RefundOutcome = {
  readonly status: 'pending' | 'succeeded';
  readonly providerRefundId: string;
};

/** What a webhook tells, or `other` for what is of no concern here. */
export type WebhookFact =
  | { readonly kind: 'charge'; readonly attemptId: string; readonly outcome: FinalOutcome }
  | { readonly kind: 'refund'; readonly refundId: string; readonly providerRefundId: string }
  | { readonly kind: 'other' };

export type WebhookEvent = {
  readonly id: string;
  readonly type: string;
  readonly fact: WebhookFact;
};

export type WebhookDelivery = {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes as they came: a signature is over these and nothing else. */
  readonly body: Buffer;
  readonly nowMs: number;
};

export type WebhookReading =
  | { readonly kind: 'event'; readonly event: WebhookEvent }
  | { readonly kind: 'forged' }
  | { readonly kind: 'malformed' };

/** A charge as the provider's own journal has it. */
export type JournalCharge = {
  readonly chargeId: string;
  /** The idempotency key under which it was made. */
  readonly attemptId: string;
  readonly status: 'pending' | 'captured' | 'declined' | 'voided';
  readonly captured: Money;
  readonly refundedMinor: number;
  /** When it, or a refund of it, last changed. */
  readonly changedAt: Date;
};

/**
 * Calls may be repeated at will. Each ends by itself within the channel's time-out.
 * @throws ChannelUnavailable where nothing is known of the outcome, RequestRefused where certainly nothing was done.
 */
export type PaymentChannel = {
  readonly name: ChannelName;
  /** `signal` ends the call early, as a time-out would. */
  charge(request: ChargeRequest, signal: AbortSignal): Promise<ChargeOutcome>;
  /** Undefined if the provider has never heard of the attempt. */
  findCharge(attemptId: string): Promise<ChargeOutcome | undefined>;
  /** Ends a pending charge; answers how the charge stands after that, which may be captured. */
  cancel(chargeId: string): Promise<ChargeOutcome>;
  refund(request: RefundRequest): Promise<RefundOutcome>;
  /** Undefined if the provider has never heard of the refund. */
  findRefund(refundId: string): Promise<RefundOutcome | undefined>;
  /** Checks the signature, then reads. Never throws. */
  readWebhook(delivery: WebhookDelivery): WebhookReading;
  /** Reads an event stored before, whose signature was checked when it came. Undefined if it cannot be read. */
  readStored(body: string): WebhookEvent | undefined;
  /** All charges, oldest first, page by page. */
  journal(): AsyncIterable<readonly JournalCharge[]>;
  close(): Promise<void>;
};

/** No answer, or one that says nothing of the outcome: asking again with the same key is safe, and needed. */
export class ChannelUnavailable extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`The payment provider is unavailable: ${reason}`, options);
    this.name = 'ChannelUnavailable';
  }
}

/** The provider understood and refused; `failureCode` is its reason. */
export class RequestRefused extends Error {
  readonly failureCode: string;
  constructor(failureCode: string) {
    super(`The payment provider refused: ${failureCode}`);
    this.name = 'RequestRefused';
    this.failureCode = failureCode;
  }
}

export type Channels = ReadonlyMap<ChannelName, PaymentChannel>;

/** @throws Error for a channel that this installation does not have. */
export function channelOf(channels: Channels, name: ChannelName): PaymentChannel {
  const channel = channels.get(name);
  if (!channel) throw new Error(`There is no payment channel ${name}`);
  return channel;
}
