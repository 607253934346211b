import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startBackingServices } from './services.ts';

test('a given server that can not be reached is one clear error within five seconds, and starts nothing', async () => {
  const dataDir = path.join(tmpdir(), `ordergraph-unreachable-${crypto.randomUUID()}`);
  const port = await portOfSilentServer();
  const began = performance.now();
  const given = [
    { databaseUrl: 'postgres://alice:secret@127.0.0.1:1/shop' },
    { databaseUrl: `postgres://alice:secret@127.0.0.1:${port}/shop` },
    { natsUrl: 'nats://127.0.0.1:1' },
    { natsUrl: `nats://127.0.0.1:${port}` },
    { redisUrl: 'redis://127.0.0.1:1' },
    { redisUrl: `redis://127.0.0.1:${port}` },
    { redisUrl: 'not a URL' },
    { natsUrl: 'nats://127.0.0.1:1', redisUrl: 'redis://127.0.0.1:1' },
  ];
  const errors = await Promise.all(
    given.map((urls) =>
      startBackingServices({ dataDir, ...urls, log: () => undefined }).catch(String),
    ),
  );
  expect(performance.now() - began).toBeLessThan(5_500);
  expect(existsSync(dataDir)).toBe(false);

  expect(errors).toEqual([
    expect.stringMatching(
      /DATABASE_URL is postgres:\/\/alice:\*\*\*@127.0.0.1:1\/shop, where no .*ECONNREFUSED/,
    ),
    expect.stringMatching(/DATABASE_URL is postgres:\/\/alice:\*\*\*@.*, where no .*/),
    expect.stringMatching(/NATS_URL is nats:\/\/127.0.0.1:1, where no .*refused/i),
    expect.stringMatching(/NATS_URL is nats:\/\/127.0.0.1:\d+, where no .*/),
    expect.stringMatching(/REDIS_URL is redis:\/\/127.0.0.1:1, where no .*ECONNREFUSED/),
    expect.stringMatching(/REDIS_URL is redis:\/\/127.0.0.1:\d+, where no .*/),
    expect.stringMatching(/REDIS_URL is not a URL, where no Redis 7 or later answers: .*/),
    expect.stringMatching(/NATS_URL is .*\nREDIS_URL is .*/),
  ]);
});

/** It takes connections, and never says a word. */
async function portOfSilentServer(): Promise<number | undefined> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' ? address?.port : undefined;
}
