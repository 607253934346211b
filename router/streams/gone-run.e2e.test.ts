/** A run whose last reader is cut off by an event is gone, and nobody who comes to its place is handed to it. */
import { readConfig } from '@ordergraph/platform/config.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOwnExecutor } from '../execution/own-executor.ts';
import { Generation } from '../generation.ts';
import { anonymousCaller } from '../identity.ts';
import { guardFor } from '../resilience/configured-resilience.ts';
import { routerService } from '../service.ts';
import { SharedReads } from '../shared-reads.ts';
import { SubgraphConnections } from '../subgraph-connections.ts';
import { createSubgraphClient } from '../subgraph-requests.ts';
import { createSubscriptions } from '../subscriptions.ts';
import { buildSupergraph } from '../supergraph.ts';
import { createTelemetry } from '../telemetry.ts';
import { startLogSubgraphs } from '../test/log-subgraphs.ts';
import { secret } from '../test/subgraphs.ts';
import { traceFrom } from '../trace.ts';
import { createUpstreamSocket } from '../upstream-sockets.ts';
import type { ResultStream } from './result-stream.ts';

const soon = { timeout: 15_000, interval: 5 };
const query = `subscription ($key: ID!, $after: String) {
  changed(key: $key, after: $after) { version item { label } }
}`;

let world: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  world = await start();
});
afterAll(() => world.stop());

/** A router's streams without its doors, so that a reader takes exactly what the test lets it. */
async function start() {
  const subgraphs = await startLogSubgraphs();
  const logger = createLogger('router', 'silent');
  const supergraph = buildSupergraph(subgraphs.supergraphSdl, {});
  const telemetry = createTelemetry(logger);
  const config = readConfig(routerService.configuration, { NODE_ENV: 'test' });
  const connections = new SubgraphConnections((subgraph) => {
    const client = createSubgraphClient(subgraph, {
      secret,
      timeoutMs: 5_000,
      answerLimitBytes: 1_000_000,
      batches: false,
      observe: telemetry.subgraphCall,
      guard: guardFor(config, telemetry),
    });
    return { client, batched: client, socket: createUpstreamSocket(subgraph, secret) };
  });
  const reads = new SharedReads(telemetry.readShared);
  const generation = new Generation(supergraph, {
    config,
    connections,
    limiter: undefined,
    reads,
    cache: undefined,
    createExecutor: createOwnExecutor,
    plans: telemetry,
    logger,
  });
  const { operations } = generation;
  const subscriptions = createSubscriptions({
    current: () => generation,
    secret,
    limits: { eventsMax: 1, charactersMax: 100_000, underWayMax: 1 },
    restTimeoutMs: 5_000,
    resumeWithinMs: 5_000,
    seen: () => undefined,
    observer: telemetry,
    logger,
  });
  const streams: ResultStream[] = [];
  return {
    log: subgraphs.log,
    /** One that takes a result and then no other, unless it is eager. */
    async read(key: string, { after, isEager }: { after?: string; isEager: boolean }) {
      const variables = { key, ...(after === undefined ? {} : { after }) };
      const request = { query, operationName: undefined, variables, extensions: {} };
      const trace = traceFrom(undefined);
      const asked = operations.prepare(request);
      const operation = await operations.planned(asked, variables, trace);
      const stream = subscriptions.subscribe({
        generation,
        asked,
        operation,
        variables,
        context: {
          caller: anonymousCaller,
          trace,
          deadlineMs: Infinity,
          signal: undefined,
        },
        transport: 'sse',
      });
      streams.push(stream);
      const told: unknown[] = [];
      stream.start({
        next: ({ cursor }) => told.push(cursor) > 0 && isEager,
        complete: () => told.push('complete'),
        failed: ([error]) => told.push(error?.extensions),
      });
      return told;
    },
    async stop() {
      for (const stream of streams) stream.stop();
      await generation.retire();
      telemetry.close();
      await subgraphs.stop();
    },
  };
}

test('who comes to the place where a slow reader was cut off goes on from there', async () => {
  const { log } = world;
  for (let i = 0; i < 5; i += 1) log.append('k');
  const ahead = await world.read('k', { isEager: true });
  await expect.poll(() => ahead, soon).toEqual(['k:5']);
  const held = Promise.withResolvers<void>();
  log.hold = held.promise;
  await world.read('k', { isEager: true });
  await expect.poll(() => log.begins, soon).toHaveLength(2);
  log.hold = undefined;
  // The third of the events that it has not seen is more than may wait, whether the first has been given by then or not.
  const slow = await world.read('k', { after: 'k:1', isEager: false });
  await expect.poll(() => slow.at(-1), soon).toMatchObject({ code: 'SLOW_CONSUMER' });
  const behind = await world.read('k', { after: 'k:3', isEager: true });
  await expect.poll(() => behind, soon).toEqual(['k:4', 'k:5']);
  log.append('k');
  await expect.poll(() => behind, soon).toEqual(['k:4', 'k:5', 'k:6']);
  expect(ahead).toEqual(['k:5', 'k:6']);
  held.resolve();
});
