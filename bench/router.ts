/**
 * Our router beside @apollo/gateway in Apollo Server, on the same supergraph, the same subgraphs and
 * the same load. Each of the four is a process of its own; the routers' CPU time is the kernel's. Rounds alternate, and
 * ratios are formed within a round. Before anything is measured, both must give the same answers.
 */
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@ordergraph/scripts/embedded/ports.ts';
import { cpuTimesMs } from './cpu.ts';
import { besideMark, type Section } from './report.ts';
import type { FakeSubgraphCalls } from './router/fake-subgraphs.ts';
import type { LoadCalls } from './router/load.ts';
import { benchQueries, type BenchQuery } from './router/queries.ts';
import type { StockGatewayCalls } from './router/stock-gateway.ts';
import type { BenchOptions, Scenario } from './scenario.ts';
import { shown, spread } from './statistics.ts';
import { startProcess, type Helper } from './streams/messages.ts';

type RouterBenchOptions = Pick<BenchOptions, 'rounds' | 'progress'>;

const concurrency = 32;
const roundMs = 4_000;
const warmUpMs = 2_500;
const comparedRequests = 20;
const rpsMark = 4;

type Contender = { readonly name: 'own' | 'stock'; readonly url: string; readonly pid: number };

type Parts = {
  readonly subgraphs: Helper<FakeSubgraphCalls>;
  readonly load: Helper<LoadCalls>;
  readonly contenders: readonly [Contender, Contender];
};

export const routerScenario: Scenario = {
  name: 'router',
  about: 'our router beside @apollo/gateway: CPU and rate per query, the same answers',
  run: benchRouter,
};

async function benchRouter(options: RouterBenchOptions): Promise<readonly Section[]> {
  const started: { stop(): Promise<void> }[] = [];
  try {
    const parts = await start(started);
    for (const query of benchQueries) await compareAnswers(parts, query);
    return [await measure(parts, options)];
  } finally {
    await Promise.all(started.map((one) => one.stop()));
  }
}

async function start(started: { stop(): Promise<void> }[]): Promise<Parts> {
  const run = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const one = await starting;
    started.push(one);
    return one;
  };
  const subgraphs = await run(
    startProcess<FakeSubgraphCalls>(new URL('./router/fake-subgraphs.ts', import.meta.url), {}),
  );
  const urls = await subgraphs.call('urls', undefined);
  const supergraphFile = fileURLToPath(new URL('./router/supergraph.graphql', import.meta.url));
  const [port = 0] = await freePorts(1);
  const production = { NODE_ENV: 'production' };
  const own = await run(
    startProcess(new URL('./router/own-router.ts', import.meta.url), {
      env: {
        ...production,
        PORT: String(port),
        SUPERGRAPH_FILE: supergraphFile,
        SUBGRAPH_URLS: JSON.stringify(urls),
        LOG_LEVEL: 'warn',
      },
    }),
  );
  const stock = await run(
    startProcess<StockGatewayCalls>(new URL('./router/stock-gateway.ts', import.meta.url), {
      env: production,
    }),
  );
  const sdl = await readFile(supergraphFile, 'utf8');
  const stockUrl = await stock.call(
    'serve',
    sdl.replaceAll(/http:\/\/(\w+)\.test\/graphql/g, (_, name: string) => urls[name] ?? ''),
  );
  const load = await run(startProcess<LoadCalls>(new URL('./router/load.ts', import.meta.url), {}));
  return {
    subgraphs,
    load,
    contenders: [
      { name: 'own', url: `http://127.0.0.1:${port}/graphql`, pid: own.pid },
      { name: 'stock', url: stockUrl, pid: stock.pid },
    ],
  };
}

async function compareAnswers({ contenders }: Parts, query: BenchQuery): Promise<void> {
  for (let request = 0; request < comparedRequests; request += 1) {
    const variables = query.variables(request);
    const [own, stock] = await Promise.all(
      contenders.map(async ({ url }) => {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query: query.query, variables }),
        });
        return response.json();
      }),
    );
    if (!isDeepStrictEqual(own, stock)) {
      throw new Error(`${query.name}: ${JSON.stringify(own)} is not ${JSON.stringify(stock)}`);
    }
  }
}

type Figures = {
  readonly cpuMs: number;
  readonly rps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly upstream: number;
};

async function measure(parts: Parts, { rounds, progress }: RouterBenchOptions): Promise<Section> {
  const rows: string[][] = [];
  const findings: string[] = [];
  let from = 1_000;
  for (const query of benchQueries) {
    const figures = new Map<string, Figures[]>(parts.contenders.map(({ name }) => [name, []]));
    for (let round = -1; round < rounds; round += 1) {
      progress(
        `router: ${query.name}, ${round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`}`,
      );
      for (const contender of parts.contenders) {
        const durationMs = round < 0 ? warmUpMs : roundMs;
        const one = await measureOne(parts, contender, { query, durationMs, from });
        from += 1_000_000;
        if (round >= 0) figures.get(contender.name)?.push(one);
      }
    }
    const own = figures.get('own') ?? [];
    const stock = figures.get('stock') ?? [];
    rows.push(row(query, 'own', own), row(query, 'stock', stock));
    const cpu = own.map(({ cpuMs }, i) => cpuMs / (stock[i]?.cpuMs ?? Number.NaN));
    const rps = own.map((one, i) => one.rps / (stock[i]?.rps ?? Number.NaN));
    findings.push(
      `${query.name}: CPU of own/stock ${shown(spread(cpu), 3)}: 1/${(1 / spread(cpu).median).toFixed(1)}; as a share of its mark ${besideMark(spread(cpu).median / query.mark, { atMost: 1 })}`,
      `${query.name}: requests per second of own/stock ${besideMark(spread(rps).median, { atLeast: rpsMark })}`,
    );
  }
  return {
    title: 'Router beside stock',
    method: `Our router and @apollo/gateway in Apollo Server, ${concurrency} requests under way, ids that no two requests share, the same answers; each in a process of its own, as are the subgraphs and the clients. CPU is the router process's, per request.`,
    header: ['query', 'router', 'CPU ms', 'requests/s', 'p50 ms', 'p99 ms', 'upstream calls'],
    rows,
    findings,
  };
}

async function measureOne(
  { load, subgraphs }: Parts,
  { url, pid }: Contender,
  { query, durationMs, from }: { query: BenchQuery; durationMs: number; from: number },
): Promise<Figures> {
  await subgraphs.call('requests', undefined);
  const before = cpuTimesMs({ router: pid })?.router ?? Number.NaN;
  const result = await load.call('run', {
    url,
    query: query.name,
    concurrency,
    durationMs,
    from,
  });
  const after = cpuTimesMs({ router: pid })?.router ?? Number.NaN;
  const upstream = await subgraphs.call('requests', undefined);
  return {
    cpuMs: (after - before) / result.requests,
    rps: result.requests / result.seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    upstream: upstream / result.requests,
  };
}

function row(query: BenchQuery, name: string, figures: readonly Figures[]): string[] {
  const of = (key: keyof Figures, digits: number) =>
    shown(spread(figures.map((one) => one[key])), digits);
  return [
    query.name,
    name,
    of('cpuMs', 3),
    of('rps', 0),
    of('p50Ms', 1),
    of('p99Ms', 1),
    of('upstream', 1),
  ];
}
