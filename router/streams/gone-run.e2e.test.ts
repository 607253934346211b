/** A run whose last reader is cut off by an event is gone, and nobody who comes to its place is handed to it. */
import { createLogger } from '@ordergraph/platform/logger.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOwnExecutor } from '../execution/own-executor.ts';
import { anonymousCaller } from '../identity.ts';
import { defaultLimits } from '../limits.ts';
import { createOperations } from '../operations.ts';
import { createPlanner } from '../planning/planner.ts';
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
  const planner = createPlanner({ sdl: supergraph.sdl, timeoutMs: 5_000, exact: false });
  const telemetry = createTelemetry(logger);
  const clients = supergraph.subgraphs.map((subgraph) =>
    createSubgraphClient(subgraph, {
      secret,
      timeoutMs: 5_000,
      answerLimitBytes: 1_000_000,
      batches: false,
      observe: telemetry.subgraphCall,
    }),
  );
  const upstreams = new Map(
    supergraph.subgraphs.map((one) => [one.name, createUpstreamSocket(one, secret)]),
  );
  const operations = createOperations({
    schema: supergraph.apiSchema,
    planner,
    specialise: true,
    limits: defaultLimits,
    introspection: false,
    suggestions: false,
  });
  const subscriptions = createSubscriptions({
    executor: createOwnExecutor({ supergraph, subgraphs: clients, logger }),
    upstreams,
    secret,
    limits: { eventsMax: 1, charactersMax: 100_000, underWayMax: 1 },
    restTimeoutMs: 5_000,
    resumeWithinMs: 5_000,
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
      const operation = await operations.planned(operations.prepare(request), variables);
      const stream = subscriptions.subscribe({
        operation,
        variables,
        context: {
          caller: anonymousCaller,
          trace: traceFrom(undefined),
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
      for (const upstream of upstreams.values()) upstream.close();
      telemetry.close();
      await Promise.all([planner.close(), ...clients.map((client) => client.close())]);
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
