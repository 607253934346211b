import { readConfig } from '@ordergraph/platform/config.ts';
import { openEventBus, createStream } from '@ordergraph/platform/jetstream.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { eventSubject, streamName } from '@ordergraph/schema/events/streams.ts';
import { testDatabase } from '@ordergraph/tests/database.ts';
import { expect, inject, test } from 'vitest';
import { inventoryConfiguration } from './config.ts';
import { inventoryService } from './service.ts';
import { orderEvents } from './test-events.ts';

test('the service answers what it hears of orders, once however often it is told', async () => {
  const database = await testDatabase(new URL('store/migrations/', import.meta.url));
  const prefix = `inventory-${process.pid}`;
  const bus = await openEventBus(inject('natsUrl'), prefix, 'test');
  await createStream(bus, 'order');
  const config = readConfig(inventoryConfiguration, {
    DATABASE_URL: database.url,
    NATS_URL: inject('natsUrl'),
    NATS_PREFIX: prefix,
    INTERNAL_SECRET: 'a secret that is used by these tests alone',
    DEMO_CATALOGUE: 'true',
    PORT: '0',
    NODE_ENV: 'test',
  });
  const service = await inventoryService.start(config, createLogger('inventory', 'silent'));
  try {
    const { placed, confirmed } = orderEvents('o-1');
    const events = [placed(['TEA-EARL-GREY-100', 2]), confirmed()];
    for (const event of [...events, ...events]) {
      await bus.client.publish(eventSubject(prefix, 'order', event.type), JSON.stringify(event));
    }
    await expect
      .poll(() => database.sql`select state from order_stock`, { timeout: 10_000 })
      .toEqual([{ state: 'ALLOCATED' }]);
    await expect
      .poll(
        async () =>
          (await bus.manager.streams.info(streamName(prefix, 'inventory'))).state.messages,
        {
          timeout: 10_000,
        },
      )
      .toBe(13);
    const ready = await fetch(service.url.replace('/graphql', '/health/ready'));
    expect(ready.status).toBe(200);
    const stock = await database.sql`
      select held, allocated from stock where sku = 'TEA-EARL-GREY-100' order by warehouse`;
    expect(stock).toEqual([
      { held: 0, allocated: 2 },
      { held: 0, allocated: 0 },
    ]);
    expect(await database.sql`select count(*)::int as count from inbox`).toEqual([{ count: 2 }]);
  } finally {
    await service.stop();
    for (const owner of ['order', 'inventory'] as const) {
      await bus.manager.streams.delete(streamName(prefix, owner));
    }
    await bus.close();
    await database.drop();
  }
});
