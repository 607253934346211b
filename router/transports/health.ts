/**
 * Liveness, readiness and metrics. The router is ready when it can serve at all: a dead subgraph nulls its own edges
 * and must not take the router, and with it all the others, out of service. Its state is told in the body.
 */
import type { FastifyInstance } from 'fastify';
import type { SubgraphClient } from '../subgraph-requests.ts';
import type { Telemetry } from '../telemetry.ts';

export type HealthParts = {
  readonly subgraphs: () => readonly SubgraphClient[];
  readonly telemetry: Telemetry;
  readonly stopping: () => boolean;
};

type SubgraphStates = Readonly<Record<string, 'ready' | 'unavailable'>>;

/** How long the subgraphs' states are believed, so that asking the router costs them little. */
const statesTtlMs = 1_000;

export function serveHealth(app: FastifyInstance, parts: HealthParts): void {
  const { subgraphs, telemetry, stopping } = parts;
  let asked: { readonly states: Promise<SubgraphStates>; readonly atMs: number } | undefined;

  const states = () => {
    if (!asked || Date.now() - asked.atMs > statesTtlMs) {
      asked = { states: statesOf(subgraphs()), atMs: Date.now() };
    }
    return asked.states;
  };

  app.get('/health/live', () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    if (stopping()) return reply.code(503).send({ status: 'stopping' });
    return { status: 'ready', subgraphs: await states() };
  });
  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await telemetry.exposition();
    return reply.header('content-type', contentType).send(text);
  });
}

async function statesOf(subgraphs: readonly SubgraphClient[]): Promise<SubgraphStates> {
  const states = await Promise.all(
    subgraphs.map(async (subgraph) => {
      const state = (await subgraph.ready()) ? 'ready' : 'unavailable';
      return [subgraph.name, state] as const;
    }),
  );
  return Object.fromEntries(states);
}
