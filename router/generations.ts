/**
 * From one supergraph to the next while operations and streams are under way:
 *
 *   build     the new generation beside the old one. If that fails, nothing has happened: the old one goes on.
 *   warm up   what is asked most is planned by it, for a bounded time, so that the change is not felt.
 *   switch    at once and as a whole: an operation is read, planned and run by one generation.
 *   move      streams go on by the new one, or end where they cannot (`streams/moving.ts`).
 *   retire    the old one is closed when the last operation that it has begun is over.
 *
 * Changes come one after the other. One that says what is served already is none.
 */
import type { Logger } from '@ordergraph/platform/logger.ts';
import type { Generation } from './generation.ts';
import type { Supergraph } from './supergraph.ts';
import { warmUp } from './warm-up.ts';

export type Generations = {
  readonly current: Generation;
  /** Puts another supergraph in place. Never rejects; what went wrong is logged and counted. */
  readonly replace: (sdl: string) => Promise<void>;
  /** Closes what is open, when the operations under way are over. */
  close(): Promise<void>;
};

export type GenerationsParts = {
  /** @throws if it is no supergraph, or does not say where its subgraphs are */
  readonly supergraph: (sdl: string) => Supergraph;
  readonly generation: (supergraph: Supergraph) => Generation;
  readonly first: Supergraph;
  readonly moveStreams: () => Promise<void>;
  readonly changed: (outcome: 'changed' | 'failed') => void;
  readonly logger: Logger;
};

export function createGenerations(parts: GenerationsParts): Generations {
  const { logger, changed } = parts;
  let current = parts.generation(parts.first);
  let changes = Promise.resolve();
  let isClosed = false;
  const retired = new Set<Promise<void>>();

  const retire = (generation: Generation): void => {
    const retiring = generation
      .retire()
      .catch((error: unknown) => logger.warn({ err: error }, 'a supergraph was not closed well'))
      .finally(() => retired.delete(retiring));
    retired.add(retiring);
  };

  const change = async (sdl: string): Promise<void> => {
    if (isClosed || sdl === current.supergraph.sdl) return;
    const old = current;
    const next = parts.generation(parts.supergraph(sdl));
    const warmed = await warmUp(old.operations, next.operations);
    if (isClosed) return retire(next);
    current = next;
    await parts.moveStreams();
    retire(old);
    changed('changed');
    logger.info({ warmed }, 'another supergraph is served');
  };

  return {
    get current() {
      return current;
    },
    replace(sdl) {
      changes = changes
        .then(() => change(sdl))
        .catch((error: unknown) => {
          changed('failed');
          logger.error({ err: error }, 'the supergraph cannot be changed: the old one goes on');
        });
      return changes;
    },
    async close() {
      isClosed = true;
      retire(current);
      await changes;
      await Promise.all(retired);
    },
  };
}
