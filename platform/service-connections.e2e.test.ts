import { testDatabase } from '@ordergraph/tests/database.ts';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openServiceConnections, runningOn, stopping } from './service-connections.ts';
import type { SubgraphConfig } from './config.ts';

const migrations = new URL('./test/migrations/', import.meta.url);

async function configuration(natsUrl: string): Promise<{ config: SubgraphConfig; name: string }> {
  const database = await testDatabase(migrations);
  onTestFinished(() => database.drop());
  const name = new URL(database.url).pathname.slice(1);
  const config: SubgraphConfig = {
    HOST: '127.0.0.1',
    DATABASE_URL: database.url,
    NATS_URL: natsUrl,
    NATS_PREFIX: 'test',
    INTERNAL_SECRET: 'a'.repeat(32),
    DATABASE_POOL_MAX: 1,
    LOG_LEVEL: 'silent',
    NODE_ENV: 'test',
  };
  return { config, name };
}

test('a start that fails half-way closes what it opened, last opened first', async () => {
  const { config, name } = await configuration(inject('natsUrl'));
  const closed: string[] = [];
  const part = (id: string) => ({ stop: async () => void closed.push(id) });
  const start = async () => {
    await using parts = new AsyncDisposableStack();
    const { sql, bus, ready } = await openServiceConnections(parts, name, { config, migrations });
    await ready();
    stopping(parts, part('first'));
    stopping(parts, part('second'));
    parts.defer(() => {
      closed.push(bus.connection.isClosed() ? 'too late' : 'connected');
    });
    await sql`select from a_table_that_is_not_there`;
    return runningOn(parts, 'http://127.0.0.1');
  };
  await expect(start()).rejects.toThrow('a_table_that_is_not_there');
  expect(closed).toEqual(['connected', 'second', 'first']);
});

test('without an event bus nothing is left open, and the error comes out', async () => {
  const { config, name } = await configuration('nats://127.0.0.1:9');
  const open = async () => {
    await using parts = new AsyncDisposableStack();
    await openServiceConnections(parts, name, { config, migrations });
    return runningOn(parts, 'http://127.0.0.1');
  };
  await expect(open()).rejects.toThrow(/connection refused/i);
});

test('a service is ready while the event bus is away', async () => {
  const { config, name } = await configuration(inject('natsUrl'));
  await using parts = new AsyncDisposableStack();
  const { bus, ready } = await openServiceConnections(parts, name, { config, migrations });
  await bus.close();
  await expect(ready()).resolves.toBeUndefined();
});

test('what runs goes on after its start, and is closed once by stop', async () => {
  const { config, name } = await configuration(inject('natsUrl'));
  let stops = 0;
  const start = async () => {
    await using parts = new AsyncDisposableStack();
    const { ready } = await openServiceConnections(parts, name, { config, migrations });
    stopping(parts, { stop: async () => void (stops += 1) });
    return { running: runningOn(parts, 'http://127.0.0.1'), ready };
  };
  const { running, ready } = await start();
  expect(stops).toBe(0);
  await ready();
  await running.stop();
  await running.stop();
  expect(stops).toBe(1);
  await expect(ready()).rejects.toThrow(/CONNECTION_ENDED/);
});
