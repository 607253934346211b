/** The whole system for an end-to-end test: all services in this process, on free ports and names of their own. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signDevelopmentToken, type TokenClaims } from '@ordergraph/scripts/development-token.ts';
import { freePorts } from '@ordergraph/scripts/embedded/ports.ts';
import { loadSecrets } from '@ordergraph/scripts/secrets.ts';
import {
  developmentPorts,
  startStack,
  type Stack,
  type StackOptions,
  type StackPorts,
} from '@ordergraph/scripts/stack.ts';
import { inject } from 'vitest';

export type TestSystem = Stack & {
  readonly dataDir: string;
  readonly prefix: string;
  token(claims: Partial<TokenClaims>): Promise<string>;
};

/** Starts a system; `stop` also removes its files. */
export async function startTestSystem(
  options: Partial<
    Pick<StackOptions, 'variables' | 'provider' | 'backing' | 'logTo' | 'logLevel'>
  > = {},
): Promise<TestSystem> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ordergraph-system-'));
  const prefix = `t${randomUUID().slice(0, 8)}`;
  const stack = await startStack({
    backing: {
      databaseUrl: inject('databaseUrl'),
      natsUrl: inject('natsUrl'),
      redisUrl: inject('redisUrl'),
    },
    dataDir,
    prefix,
    ports: await freeStackPorts(),
    logLevel: 'error',
    ...options,
    variables: { DATABASE_POOL_MAX: '4', ...options.variables },
  });
  return {
    ...stack,
    dataDir,
    prefix,
    token: async (claims) =>
      signDevelopmentToken(await loadSecrets(dataDir), {
        subject: 'alice',
        role: 'customer',
        scopes: [],
        ...claims,
      }),
    async stop() {
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A free port for each listener of a stack. */
export async function freeStackPorts(): Promise<StackPorts> {
  const names = Object.keys(developmentPorts) as (keyof StackPorts)[];
  const ports = await freePorts(names.length);
  return Object.fromEntries(names.map((name, i) => [name, ports[i]])) as StackPorts;
}
