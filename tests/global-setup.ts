/** Starts PostgreSQL, NATS and Redis once for all tests, and stops them at the end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBackingServices } from '@ordergraph/scripts/embedded/services.ts';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- merging needs an interface
  interface ProvidedContext {
    databaseUrl: string;
    natsUrl: string;
    redisUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ordergraph-test-'));
  const services = await startBackingServices({
    dataDir,
    programsDir: fileURLToPath(new URL('../.data/bin', import.meta.url)),
    ephemeral: true,
    log: (line) => process.stdout.write(`${line}\n`),
    ...given('databaseUrl', process.env['TEST_DATABASE_URL']),
    ...given('natsUrl', process.env['TEST_NATS_URL']),
    ...given('redisUrl', process.env['TEST_REDIS_URL']),
  });
  project.provide('databaseUrl', services.databaseUrl);
  project.provide('natsUrl', services.natsUrl);
  project.provide('redisUrl', services.redisUrl);
  return async () => {
    await services.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}

function given<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value ? ({ [key]: value } as Record<K, string>) : {};
}
