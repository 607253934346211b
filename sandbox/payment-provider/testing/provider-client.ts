import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { Charge, Refund } from '../domain.ts';
import { startPaymentProvider, type PaymentProviderOptions } from '../server.ts';
import type { Token } from '../tokens.ts';

export const apiKey = 'sk_test_sandbox';
export const webhookSecret = 'whsec_test_sandbox';

type Reply<T> = { readonly status: number; readonly headers: Headers; readonly body: T };

export type ProviderClient = {
  readonly url: string;
  call<T>(
    method: string,
    path: string,
    options?: { key?: string; body?: unknown; signal?: AbortSignal },
  ): Promise<Reply<T>>;
  charge(source: Token, overrides?: ChargeOverrides): Promise<Reply<Charge>>;
  refund(charge: string, amount: number, key?: string): Promise<Reply<Refund & Failure>>;
  getCharge(id: string): Promise<Charge>;
  stop(): Promise<void>;
};

export type ChargeOverrides = {
  key?: string;
  amount?: number;
  metadata?: Record<string, string>;
  signal?: AbortSignal;
};
export type Failure = {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly param: string | null;
  };
};
export type Page<T> = {
  readonly data: readonly T[];
  readonly hasMore: boolean;
  readonly nextAfter: string | null;
};

export const chargeBody = (
  source: string,
  amount = 1000,
  metadata: Record<string, string> = { orderId: randomUUID() },
) => ({
  amount,
  currency: 'GBP',
  source,
  metadata,
});

/** Talks to a provider wherever it runs. */
export function createProviderClient(
  url: string,
  stop: () => Promise<void> = () => Promise.resolve(),
): ProviderClient {
  const call: ProviderClient['call'] = async (method, path, { key, body, signal } = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    };
  };
  return {
    url,
    call,
    charge: (source, { key = randomUUID(), amount = 1000, metadata, signal } = {}) =>
      call('POST', '/v1/charges', {
        key,
        body: chargeBody(source, amount, metadata),
        ...(signal === undefined ? {} : { signal }),
      }),
    refund: (charge, amount, key = randomUUID()) =>
      call('POST', '/v1/refunds', { key, body: { charge, amount } }),
    getCharge: async (id) => (await call<Charge>('GET', `/v1/charges/${id}`)).body,
    stop,
  };
}

/** A provider on a free port with short delays, stopped when the test ends. */
export async function startProvider(
  options: Partial<PaymentProviderOptions> & { webhookUrl: string },
): Promise<ProviderClient> {
  const running = await startPaymentProvider({
    port: 0,
    apiKey,
    webhookSecret,
    slowMs: 80,
    lateMs: 250,
    webhookRetryMs: [10, 10, 20, 40, 80, 160],
    ...options,
  });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= running.stop());
  onTestFinished(stop);
  return createProviderClient(running.url, stop);
}
