/** The sandbox provider: HTTP with a bearer key, idempotency keys, signed webhooks. */
import { Pool } from 'undici';
import type { z } from 'zod';
import {
  ChannelUnavailable,
  RequestRefused,
  type JournalCharge,
  type PaymentChannel,
  type RefundOutcome,
} from './channel.ts';
import {
  chargeSchema,
  journalChargeSchema,
  listSchema,
  outcomeOf,
  problemSchema,
  refundSchema,
  type SandboxJournalCharge,
} from './sandbox-objects.ts';
import { readSandboxWebhook, readStoredWebhook } from './sandbox-webhook.ts';

export type SandboxOptions = {
  /** The provider's base URL. */
  readonly url: string;
  readonly apiKey: string;
  readonly webhookSecret: string;
  /** After which a call is given up, in milliseconds. */
  readonly timeoutMs: number;
  /** How many calls may be under way at once. */
  readonly connectionsMax: number;
};

type Call = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly key?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
};

const answerBytesMax = 1024 * 1024;
const journalPage = 500;
/** An answer that says: not now, or not you; nothing was done, and it is for operators to mend. */
const passingStatuses: ReadonlySet<number> = new Set([401, 403, 408, 425, 429]);

export function openSandboxChannel(options: SandboxOptions): PaymentChannel {
  const client = new SandboxClient(options);
  return {
    name: 'SANDBOX',
    async charge({ attemptId, orderId, amount, token }, signal) {
      const body = {
        amount: amount.minor,
        currency: amount.currency,
        source: token,
        metadata: { orderId, attemptId },
      };
      const call: Call = { method: 'POST', path: '/v1/charges', key: attemptId, body, signal };
      return outcomeOf(await client.ask(call, chargeSchema));
    },
    async findCharge(attemptId) {
      const [charge] = await client.list('charges', chargeSchema, { idempotencyKey: attemptId });
      return charge && outcomeOf(charge);
    },
    async cancel(chargeId) {
      const path = `/v1/charges/${encodeURIComponent(chargeId)}`;
      try {
        return outcomeOf(
          await client.ask({ method: 'POST', path: `${path}/cancel` }, chargeSchema),
        );
      } catch (error) {
        if (!(error instanceof RequestRefused)) throw error;
        if (error.failureCode !== 'charge_already_succeeded') throw error;
        return outcomeOf(await client.ask({ method: 'GET', path }, chargeSchema));
      }
    },
    async refund({ refundId, orderId, chargeId, amount }) {
      const body = { charge: chargeId, amount: amount.minor, metadata: { orderId, refundId } };
      const call: Call = { method: 'POST', path: '/v1/refunds', key: refundId, body };
      return refundOutcome(await client.ask(call, refundSchema));
    },
    async findRefund(refundId) {
      const [refund] = await client.list('refunds', refundSchema, { idempotencyKey: refundId });
      return refund && refundOutcome(refund);
    },
    readWebhook: (delivery) => readSandboxWebhook(delivery, options.webhookSecret),
    readStored: readStoredWebhook,
    async *journal() {
      let after: string | undefined;
      do {
        const query = { limit: String(journalPage), ...(after ? { after } : {}) };
        const page = await client.list('charges', journalChargeSchema, query);
        yield page.map(journalCharge);
        after = page.length < journalPage ? undefined : page.at(-1)?.id;
      } while (after);
    },
    close: () => client.close(),
  };
}

class SandboxClient {
  readonly #options: SandboxOptions;
  readonly #pool: Pool;
  readonly #base: string;

  constructor(options: SandboxOptions) {
    this.#options = options;
    const { origin, pathname } = new URL(options.url);
    this.#base = pathname.replace(/\/$/, '');
    this.#pool = new Pool(origin, {
      connections: options.connectionsMax,
      pipelining: 1,
      connect: { timeout: Math.min(3_000, options.timeoutMs) },
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      maxResponseSize: answerBytesMax,
    });
  }

  async list<S extends z.ZodType>(
    kind: 'charges' | 'refunds',
    item: S,
    query: Readonly<Record<string, string>>,
  ): Promise<z.infer<S>[]> {
    const path = `/v1/${kind}?${new URLSearchParams(query).toString()}`;
    return (await this.ask({ method: 'GET', path }, listSchema(item))).data;
  }

  async ask<S extends z.ZodType>(call: Call, schema: S): Promise<z.infer<S>> {
    const { status, text } = await this.#send(call);
    const parsed = parseJson(text);
    if (status >= 200 && status < 300) {
      const answer = schema.safeParse(parsed);
      if (answer.success) return answer.data;
      throw new ChannelUnavailable('an answer that cannot be read');
    }
    const problem = problemSchema.safeParse(parsed);
    const refused = status >= 400 && status < 500 && !passingStatuses.has(status);
    if (refused && problem.success) throw new RequestRefused(problem.data.error.code);
    throw new ChannelUnavailable(`status ${status}`);
  }

  async #send({
    method,
    path,
    key,
    body,
    signal,
  }: Call): Promise<{ status: number; text: string }> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      const answer = await this.#pool.request({
        method,
        path: `${this.#base}${path}`,
        headers: {
          authorization: `Bearer ${this.#options.apiKey}`,
          ...(key ? { 'idempotency-key': key } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      return { status: answer.statusCode, text: await answer.body.text() };
    } catch (error) {
      throw new ChannelUnavailable('no answer', { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

function refundOutcome(refund: z.infer<typeof refundSchema>): RefundOutcome {
  return { status: refund.status, providerRefundId: refund.id };
}

function journalCharge(charge: SandboxJournalCharge): JournalCharge {
  const statuses = {
    pending: 'pending',
    succeeded: 'captured',
    failed: 'declined',
    canceled: 'voided',
  } as const satisfies Record<SandboxJournalCharge['status'], JournalCharge['status']>;
  return {
    chargeId: charge.id,
    attemptId: charge.idempotencyKey,
    status: statuses[charge.status],
    captured: { minor: charge.amountCaptured, currency: charge.currency },
    refundedMinor: charge.amountRefunded,
    changedAt: new Date(changedSeconds(charge) * 1000),
  };
}

function changedSeconds({ created, settled, refunds }: SandboxJournalCharge): number {
  const moments = refunds.flatMap((refund) => [refund.created, refund.settled ?? 0]);
  return Math.max(created, settled ?? 0, ...moments);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
