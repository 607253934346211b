/** A router as it runs in production, between subgraphs and clients that cost as little as can be; each in its own process. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { signDevelopmentToken } from '@ordergraph/scripts/development-token.ts';
import { freePorts } from '@ordergraph/scripts/embedded/ports.ts';
import {
  developmentAudience,
  developmentIssuer,
  jwksFile,
  loadSecrets,
} from '@ordergraph/scripts/secrets.ts';
import type { ClientCalls } from './clients.ts';
import type { FakeSubgraphCalls } from './fake-subgraphs.ts';
import type { MemoryCalls } from './memory-answers.ts';
import { startProcess, type Helper } from './messages.ts';

export type Stage = {
  readonly subgraphs: Helper<FakeSubgraphCalls>;
  readonly router: Helper<MemoryCalls>;
  readonly clients: Helper<ClientCalls>;
  /** Opens a stream for each of so many customers, of an order of its own; gives the orders when each has had its snapshot. */
  open(prefix: string, count: number): Promise<readonly string[]>;
  /** The sum of a counter of the router's, over all its labels that match. */
  counter(pattern: RegExp): Promise<number>;
};

const query = `subscription Watch($id: ID!) {
  orderStatusChanged(orderId: $id) {
    cursor status version note order { id payment { status capturedMinor currencyCode } }
  }
}`;
const path = '/graphql';
const startWithinMs = 30_000;
const at = (file: string): URL => new URL(file, import.meta.url);

/** @param routerArguments switches for the router's process, a profiler's for example */
export async function onStage<T>(
  routerArguments: readonly string[],
  measure: (stage: Stage) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ordergraph-streams-'));
  const started: { stop(): Promise<void> }[] = [];
  try {
    return await measure(await setUp({ dataDir, started, routerArguments }));
  } finally {
    // The clients last: a router that loses ten thousand at once has much to do before it can stop.
    for (const one of started) await one.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function setUp(options: {
  readonly dataDir: string;
  readonly started: { stop(): Promise<void> }[];
  readonly routerArguments: readonly string[];
}): Promise<Stage> {
  const { dataDir, started } = options;
  const secrets = await loadSecrets(dataDir);
  const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
    started.push(one);
    return one;
  };
  const subgraphs = keep(await startProcess<FakeSubgraphCalls>(at('./fake-subgraphs.ts')));
  const [port = 0] = await freePorts(1);
  const router = keep(
    await startProcess<MemoryCalls>(at('../../router/main.ts'), {
      execArgv: [
        '--expose-gc',
        '--import',
        at('./memory-answers.ts').href,
        ...options.routerArguments,
      ],
      env: {
        PORT: String(port),
        SUPERGRAPH_FILE: fileURLToPath(at('./supergraph.graphql')),
        SUBGRAPH_URLS: JSON.stringify(await subgraphs.call('urls', undefined)),
        BATCHING_SUBGRAPHS: 'payment',
        INTERNAL_SECRET: secrets.internalSecret,
        JWKS_FILE: jwksFile(dataDir),
        JWT_ISSUER: developmentIssuer,
        JWT_AUDIENCE: developmentAudience,
        LOG_LEVEL: 'warn',
      },
    }),
  );
  await untilListening(`http://127.0.0.1:${port}/health/live`);
  const clients = keep(await startProcess<ClientCalls>(at('./clients.ts')));
  return {
    subgraphs,
    router,
    clients,
    async open(prefix, count) {
      const orderIds = Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
      const followers = await Promise.all(
        orderIds.map(async (orderId) => ({
          orderId,
          token: await signDevelopmentToken(secrets, {
            subject: `customer-of-${orderId}`,
            role: 'customer',
            scopes: [],
          }),
        })),
      );
      await clients.call('open', { port, path, query, followers });
      return orderIds;
    },
    async counter(pattern) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return text
        .split('\n')
        .filter((line) => pattern.test(line))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
  };
}

async function untilListening(url: string): Promise<void> {
  const untilMs = Date.now() + startWithinMs;
  const listens = (): Promise<boolean> =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await listens())) {
    if (Date.now() > untilMs) throw new Error('The router did not start');
    await sleep(50);
  }
}
