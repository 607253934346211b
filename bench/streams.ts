/**
 * `node bench/streams.ts`: ten thousand live streams on one router process. Method: see `sections` below; the clients and
 * the subgraphs are as cheap as can be and in processes of their own, for on a small machine whatever they use is taken
 * from the router.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { signDevelopmentToken } from '@ordergraph/scripts/development-token.ts';
import { freePorts } from '@ordergraph/scripts/embedded/ports.ts';
import {
  developmentAudience,
  developmentIssuer,
  jwksFile,
  loadSecrets,
} from '@ordergraph/scripts/secrets.ts';
import { asText, besideMark, type Section } from './report.ts';
import { percentile, shown, spread } from './statistics.ts';
import type { ClientCalls } from './streams/clients.ts';
import type { FakeSubgraphCalls } from './streams/fake-subgraphs.ts';
import type { MemoryCalls } from './streams/memory-answers.ts';
import { startProcess, type Helper } from './streams/messages.ts';

export type StreamsOptions = {
  readonly clients: number;
  readonly stalled: number;
  readonly rounds: number;
  readonly progress: (line: string) => void;
};

const query = `subscription Watch($id: ID!) {
  orderStatusChanged(orderId: $id) {
    cursor status version order { id payment { status capturedMinor currencyCode } }
  }
}`;

type Parts = {
  readonly subgraphs: Helper<FakeSubgraphCalls>;
  readonly router: Helper<MemoryCalls>;
  readonly clients: Helper<ClientCalls>;
  readonly port: number;
  token(subject: string): Promise<string>;
};

export async function benchStreams(options: StreamsOptions): Promise<readonly Section[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ordergraph-streams-'));
  const started: { stop(): Promise<void> }[] = [];
  try {
    const parts = await start(dataDir, started);
    return await measure(parts, options);
  } finally {
    await Promise.all(started.map((one) => one.stop()));
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function start(dataDir: string, started: { stop(): Promise<void> }[]): Promise<Parts> {
  const secrets = await loadSecrets(dataDir);
  const at = (path: string) => new URL(path, import.meta.url);
  const run = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const one = await starting;
    started.push(one);
    return one;
  };
  const subgraphs = await run(
    startProcess<FakeSubgraphCalls>(at('./streams/fake-subgraphs.ts'), {}),
  );
  const [port = 0] = await freePorts(1);
  const router = await run(
    startProcess<MemoryCalls>(at('../router/main.ts'), {
      execArgv: [
        '--expose-gc',
        '--import',
        at('./streams/memory-answers.ts').href,
        ...(process.env['ROUTER_ARGS']?.split(' ') ?? []),
      ],
      env: {
        PORT: String(port),
        SUPERGRAPH_FILE: fileURLToPath(at('./streams/supergraph.graphql')),
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
  await untilReady(`http://127.0.0.1:${port}/health/live`);
  const clients = await run(startProcess<ClientCalls>(at('./streams/clients.ts'), {}));
  const token = (subject: string) =>
    signDevelopmentToken(secrets, { subject, role: 'customer', scopes: [] });
  return { subgraphs, router, clients, port, token };
}

async function untilReady(url: string): Promise<void> {
  const untilMs = Date.now() + 30_000;
  while (
    !(await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (Date.now() > untilMs) throw new Error('the router did not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function measure(parts: Parts, options: StreamsOptions): Promise<readonly Section[]> {
  const { router, clients, subgraphs } = parts;
  const { progress } = options;
  const open = async (prefix: string, count: number): Promise<string[]> => {
    const orderIds = Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
    const followers = await Promise.all(
      orderIds.map(async (orderId) => ({
        orderId,
        token: await parts.token(`customer-of-${orderId}`),
      })),
    );
    await clients.call('open', { port: parts.port, path: '/graphql', query, followers });
    return orderIds;
  };
  progress('streams: warming up');
  const warm = await open('warm', Math.min(500, options.clients));
  for (let i = 0; i < 20; i += 1) await burst(parts, warm);
  const before = await router.call('memory', undefined);
  progress(`streams: opening ${options.clients}`);
  const openedFromMs = performance.now();
  const own = await open('order', options.clients);
  const openedInMs = performance.now() - openedFromMs;
  const after = await router.call('memory', undefined);
  const bytesEach = (key: 'rssBytes' | 'heapBytes') => (after[key] - before[key]) / own.length;
  const bursts: Burst[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    progress(`streams: burst ${round + 1} of ${options.rounds}`);
    bursts.push(await burst(parts, own));
  }
  progress(JSON.stringify(bursts));
  return [
    {
      title: 'Live streams on one router process',
      method: '',
      header: ['', ''],
      rows: [
        ['opened in s', (openedInMs / 1000).toFixed(1)],
        ['kB each, resident', (bytesEach('rssBytes') / 1024).toFixed(1)],
        ['kB each, heap', (bytesEach('heapBytes') / 1024).toFixed(1)],
        ['burst ms', shown(spread(bursts.map(({ allMs }) => allMs)))],
        ['burst p50 ms', shown(spread(bursts.map(({ p50Ms }) => p50Ms)))],
        ['burst router CPU ms', shown(spread(bursts.map(({ cpuMs }) => cpuMs)))],
        ['entity requests', String(bursts[0]?.requests)],
        ['subs', String(await subgraphs.call('subscriptions', undefined))],
      ],
      findings: [
        besideMark(spread(bursts.map(({ allMs }) => allMs)).median / 1000, { atMost: 0.5 }),
      ],
    },
  ];
}

type Burst = {
  readonly allMs: number;
  readonly p50Ms: number;
  readonly cpuMs: number;
  readonly requests: number;
};

async function burst(
  { router, clients, subgraphs }: Parts,
  orderIds: readonly string[],
): Promise<Burst> {
  const cpuBefore = await router.call('cpuMs', undefined);
  const countsBefore = await subgraphs.call('counts', undefined);
  const expected = (await clients.call('received', undefined)) + orderIds.length;
  const startedAtMs = await subgraphs.call('change', { orderIds });
  const untilMs = Date.now() + 30_000;
  while ((await clients.call('received', undefined)) < expected) {
    if (Date.now() > untilMs)
      throw new Error(
        `not all were delivered: ${JSON.stringify(await clients.call('ends', undefined))}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const took = (await clients.call('lastAtMs', { orderIds })).map((atMs) => atMs - startedAtMs);
  const counts = await subgraphs.call('counts', undefined);
  return {
    allMs: percentile(took, 1),
    p50Ms: percentile(took, 0.5),
    cpuMs: (await router.call('cpuMs', undefined)) - cpuBefore,
    requests: counts.entityRequests - countsBefore.entityRequests,
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: '10000' },
      stalled: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '5' },
    },
  });
  const sections = await benchStreams({
    clients: Number(values.clients),
    stalled: Number(values.stalled),
    rounds: Number(values.rounds),
    progress: (line) => void process.stderr.write(`${line}\n`),
  });
  for (const section of sections) process.stdout.write(`\n${asText(section)}\n`);
}
