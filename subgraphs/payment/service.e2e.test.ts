/** The service as it runs: started from its value, hearing events and telling them over NATS. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { openEventBus, createStream } from '@ordergraph/platform/jetstream.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { provisionDatabase } from '@ordergraph/platform/provision.ts';
import { readConfig } from '@ordergraph/platform/config.ts';
import { startPaymentProvider } from '@ordergraph/sandbox/payment-provider/server.ts';
import { eventSubject, streamName } from '@ordergraph/schema/events/streams.ts';
import { expect, inject, test } from 'vitest';
import { paymentService } from './service.ts';
import { apiKey, cancelling, reserved, webhookSecret } from './testing/running-payment.ts';

test('order.reserved over NATS is charged, captured by webhook, and answered with payment.captured', async () => {
  const prefix = `test-${randomUUID()}`;
  const secret = 'an internal secret of the tests, long enough';
  const databaseUrl = await provisionDatabase(inject('databaseUrl'), {
    database: `payment_${randomUUID().replaceAll('-', '')}`,
    secret,
  });
  const bus = await openEventBus(inject('natsUrl'), prefix, 'test');
  await createStream(bus, 'order');
  // The service has to know where the provider is, and the provider where the service will be.
  const port = await freePort();
  const provider = await startPaymentProvider({
    port: 0,
    apiKey,
    webhookSecret,
    webhookUrl: `http://127.0.0.1:${port}/webhooks/sandbox`,
  });
  const config = readConfig(paymentService.configuration, {
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    NATS_URL: inject('natsUrl'),
    NATS_PREFIX: prefix,
    INTERNAL_SECRET: secret,
    SANDBOX_URL: provider.url,
    SANDBOX_API_KEY: apiKey,
    SANDBOX_WEBHOOK_SECRET: webhookSecret,
    RECONCILE_AFTER_MS: '60000',
  });
  const service = await paymentService.start(config, createLogger('payment', 'fatal'));

  const event = reserved();
  const { orderId } = event.data;
  for (const sent of [event, cancelling(orderId)]) {
    await bus.client.publish(eventSubject(prefix, 'order', sent.type), JSON.stringify(sent));
    await expect.poll(() => lastEvent(), { timeout: 10_000 }).toMatchObject({ subject: orderId });
  }
  const last = async () => (await lastEvent())?.type;
  await expect.poll(last, { timeout: 10_000 }).toBe('payment.closed');

  await service.stop();
  await provider.stop();
  await bus.close();

  async function lastEvent() {
    const stream = streamName(prefix, 'payment');
    const info = await bus.manager.streams.info(stream).catch(() => undefined);
    if (!info?.state.last_seq) return undefined;
    const message = await bus.manager.streams.getMessage(stream, { seq: info.state.last_seq });
    return message?.json<{ type: string; subject: string }>();
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
