/** The payment service without NATS: real database, real provider, real webhooks; events are handed in directly. */
import Fastify from 'fastify';
import { newId } from '@ordergraph/platform/ids.ts';
import type { Queryable } from '@ordergraph/platform/database.ts';
import { systemClock } from '@ordergraph/platform/clock.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import {
  startPaymentProvider,
  type PaymentProviderOptions,
  type RunningPaymentProvider,
} from '@ordergraph/sandbox/payment-provider/server.ts';
import { createEvent } from '@ordergraph/schema/events/envelope.ts';
import { orderCancelling, orderExpired, orderReserved } from '@ordergraph/schema/events/order.ts';
import { testDatabase } from '@ordergraph/tests/database.ts';
import type { PaymentChannel } from '../channels/channel.ts';
import { openSandboxChannel } from '../channels/sandbox.ts';
import { createPayments } from '../commands.ts';
import type { Change } from '../domain/batch.ts';
import { paymentInvariants } from '../invariants.ts';
import { handleOrderEvents, type ConsumedEvent } from '../messaging/consumers.ts';
import { publish } from '../messaging/publish.ts';
import { webhookRoute } from '../messaging/webhook-route.ts';
import { createWebhooks } from '../webhooks.ts';
import { startWorkers, type Workers, type WorkersTiming } from '../workers.ts';

export const apiKey = 'sandbox-key';
export const webhookSecret = 'sandbox-webhook-secret-of-the-tests';

export type RunningOptions = {
  readonly provider?: Partial<PaymentProviderOptions>;
  readonly timing?: Partial<WorkersTiming>;
  /** False leaves due work alone: the tests begin it. */
  readonly working?: boolean;
};

const quickTiming: WorkersTiming = {
  chargeTimeoutMs: 400,
  reconcileAfterMs: 200,
  pollMs: 25,
  chargesInFlightMax: 16,
  refundsInFlightMax: 8,
};

export type RunningPayment = Awaited<ReturnType<typeof startPayment>>;

export async function startPayment({ provider, timing, working = true }: RunningOptions = {}) {
  const database = await testDatabase(new URL('../store/migrations/', import.meta.url));
  const { sql } = database;
  const clock = systemClock;
  const logger = createLogger('payment', 'fatal');
  const app = Fastify();
  let workers: Workers | undefined;
  const committed = (changes: readonly Change[]): void => workers?.committed(changes);
  const payments = createPayments({ sql, clock, publish, committed });
  const channels = new Map<'SANDBOX', PaymentChannel>();
  const webhooks = createWebhooks({ sql, channels, payments, logger, committed });
  webhookRoute({ channels, webhooks, clock, logger })(app);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const webhookUrl = `${url}/webhooks/sandbox`;
  const sandbox: RunningPaymentProvider = await startPaymentProvider({
    port: 0,
    apiKey,
    webhookSecret,
    webhookUrl,
    slowMs: 300,
    lateMs: 60_000,
    ...provider,
  });
  const channelWith = (key: string): PaymentChannel => {
    const { url: base } = sandbox;
    const options = { url: base, apiKey: key, webhookSecret, timeoutMs: 400, connectionsMax: 32 };
    return openSandboxChannel(options);
  };
  const channel = channelWith(apiKey);
  channels.set('SANDBOX', channel);
  const startWorking = (): void => {
    workers = startWorkers({
      sql,
      channels,
      payments,
      webhooks,
      logger,
      timing: { ...quickTiming, ...timing },
    });
  };
  const stopWorking = async (): Promise<void> => {
    await workers?.stop();
    workers = undefined;
  };
  if (working) startWorking();
  const hear = async (...events: ConsumedEvent[]): Promise<void> => {
    await sql.begin((tx) => handleOrderEvents(payments, tx, { events, now: clock.now() }));
    workers?.wake();
  };
  return {
    sql,
    app,
    url,
    webhookUrl,
    sandbox,
    channel,
    channelWith,
    channels,
    payments,
    webhooks,
    hear,
    startWorking,
    stopWorking,
    async stop() {
      await stopWorking();
      await sandbox.stop();
      await channel.close();
      await app.close();
      await database.drop();
    },
  };
}

export type OrderInput = {
  readonly orderId?: string;
  readonly token?: string;
  readonly amountMinor?: number;
  readonly holdExpiresAt?: Date;
};

const cause = { correlationId: 'correlation', causationId: null };
const party = (orderId: string) => ({ orderId, customerId: 'alice' });

export function reserved({
  orderId = newId('ord'),
  token = 'tok_ok',
  amountMinor = 1250,
  holdExpiresAt = new Date(Date.now() + 60_000),
}: OrderInput = {}): ConsumedEvent & { type: 'order.reserved' } {
  const event = createEvent(orderReserved, {
    id: newId('evt'),
    subject: orderId,
    time: new Date(),
    cause,
    data: {
      ...party(orderId),
      amountMinor,
      currency: 'GBP',
      channel: 'SANDBOX',
      paymentToken: token,
      holdExpiresAt: holdExpiresAt.toISOString(),
    },
  });
  return { ...event, type: 'order.reserved' };
}

export function cancelling(orderId: string): ConsumedEvent {
  const event = createEvent(orderCancelling, {
    id: newId('evt'),
    subject: orderId,
    time: new Date(),
    cause,
    data: { ...party(orderId), reason: 'CUSTOMER_REQUEST' },
  });
  return { ...event, type: 'order.cancelling' };
}

export function expired(orderId: string): ConsumedEvent {
  const event = createEvent(orderExpired, {
    id: newId('evt'),
    subject: orderId,
    time: new Date(),
    cause,
    data: {
      ...party(orderId),
      number: 'A-1',
      reason: 'HOLD_EXPIRED',
      contact: { name: 'Alice', email: null },
    },
  });
  return { ...event, type: 'order.expired' };
}

/** What can be seen of an order's payment, in one value to compare with. */
export async function look({ sql }: RunningPayment, orderId: string) {
  const [payment] = await sql<{ status: string; closing: string | null }[]>`
    select status, closing from payments where order_id = ${orderId}`;
  const attempts = await sql<{ status: string }[]>`
    select status from payment_attempts where order_id = ${orderId} order by number`;
  const refunds = await sql<{ status: string }[]>`
    select status from refunds where order_id = ${orderId}`;
  const told = await sql<{ type: string; data: { outcome?: string } }[]>`
    select type, envelope->'data' as data from outbox where subject = ${orderId} order by position`;
  return {
    status: payment?.status ?? 'NONE',
    attempts: attempts.map(({ status }) => status),
    refunds: refunds.map(({ status }) => status),
    told: told.map(({ type, data }) => (data.outcome ? `${type} ${data.outcome}` : type)),
  };
}

export type Breach = { readonly promise: string; readonly row: unknown };

/** The rows that break an invariant, with the promise they break. */
export async function breaches({ sql }: { readonly sql: Queryable }): Promise<Breach[]> {
  const found: Breach[] = [];
  for (const { promise, query } of paymentInvariants) {
    for (const row of await sql.unsafe(query)) found.push({ promise, row });
  }
  return found;
}

/** Every charge that the provider has for an order. */
export async function chargesOf({ channel }: RunningPayment, attemptIds: readonly string[]) {
  const charges = [];
  for await (const page of channel.journal()) charges.push(...page);
  return charges.filter(({ attemptId }) => attemptIds.includes(attemptId));
}

export async function attemptIdsOf({ sql }: RunningPayment, orderId: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from payment_attempts where order_id = ${orderId} order by number`;
  return rows.map(({ id }) => id);
}
