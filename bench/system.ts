/** Starts the system under measurement, and stops it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { SubgraphName } from '@ordergraph/schema/subgraphs.ts';

export type SystemAddress = {
  readonly url: string;
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  /** Begins the names of databases and streams. */
  readonly natsPrefix: string;
  readonly providerUrl: string;
  readonly databaseUrls: Readonly<Record<SubgraphName, string>>;
  /** The processes whose CPU time is the system's. */
  readonly pids: Readonly<Record<string, number>>;
};

export type System = SystemAddress & { stop(): Promise<void> };

export type SystemOptions = {
  /** Gives each service its own process. */
  readonly apart?: boolean;
  /** Has PostgreSQL count statements, which costs it a little. */
  readonly statements?: boolean;
  /** For the services' processes, a profiler's switches for example. */
  readonly nodeArguments?: readonly string[];
};

export async function startSystem({
  apart = false,
  statements = false,
  nodeArguments = [],
}: SystemOptions = {}): Promise<System> {
  const script = fileURLToPath(new URL('./system-process.ts', import.meta.url));
  const switches = [...(apart ? ['--processes'] : []), ...(statements ? ['--statements'] : [])];
  const child = spawn(process.execPath, [...nodeArguments, script, ...switches], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => {
      throw new Error('The system did not start');
    }),
  ])) as [string];
  const address = JSON.parse(line) as SystemAddress;
  return {
    ...address,
    async stop() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
