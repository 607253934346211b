/** Asks a router for a while, always with the same number of requests under way, and tells how fast it answered. */
import { Pool } from 'undici';
import { answerCalls } from '../streams/messages.ts';
import { benchQueries } from './queries.ts';

export type LoadOrder = {
  readonly url: string;
  /** The name of a query. */
  readonly query: string;
  readonly concurrency: number;
  readonly durationMs: number;
  /** The number of the first request. */
  readonly from: number;
};

export type LoadResult = {
  readonly requests: number;
  readonly seconds: number;
  /** Of each request, in milliseconds, sorted. */
  readonly p50Ms: number;
  readonly p99Ms: number;
};

export type LoadCalls = { run: (order: LoadOrder) => Promise<LoadResult> };

async function run({ url, query: name, concurrency, durationMs, from }: LoadOrder) {
  const asked = benchQueries.find((query) => query.name === name);
  if (!asked) throw new Error(`no query ${name}`);
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: concurrency, pipelining: 1 });
  const latencies: number[] = [];
  const startedMs = performance.now();
  const untilMs = startedMs + durationMs;
  let next = from;
  const worker = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const sentMs = performance.now();
      const variables = asked.variables((next += 1));
      const { statusCode, body } = await pool.request({
        path: pathname,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: asked.query, variables }),
      });
      const text = await body.text();
      if (statusCode !== 200 || text.includes('"errors"')) throw new Error(text);
      latencies.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - startedMs) / 1000;
  await pool.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
  return { requests: latencies.length, seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

answerCalls({ run } satisfies LoadCalls);
