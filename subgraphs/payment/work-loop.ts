/**
 * Takes leased work from the database and does a bounded number of items at once. Woken by a hint after a commit, and by
 * its own look in any case, so that a lost hint costs a moment and a crash nothing.
 */
import type { Logger } from '@ordergraph/platform/logger.ts';
import { Signal } from '@ordergraph/platform/signal.ts';

export type WorkLoopOptions<T> = {
  readonly name: string;
  readonly logger: Logger;
  /** Takes up to `max` items that are due. */
  readonly lease: (max: number) => Promise<readonly T[]>;
  readonly work: (item: T) => Promise<void>;
  readonly inFlightMax: number;
  /** How often to look without being woken, in milliseconds. */
  readonly pollMs: number;
};

/** `stop` takes nothing more and resolves when the work at hand is done. */
export type WorkLoop = { wake(): void; stop(): Promise<void> };

export function startWorkLoop<T>(options: WorkLoopOptions<T>): WorkLoop {
  const { name, logger, inFlightMax, pollMs } = options;
  const signal = new Signal();
  const inFlight = new Set<Promise<void>>();
  const stop = new AbortController();
  let more = false;

  const start = (item: T): void => {
    const work = options
      .work(item)
      .catch((error: unknown) => logger.error({ err: error, work: name }, 'work failed'))
      .finally(() => {
        inFlight.delete(work);
        if (more) signal.ring();
      });
    inFlight.add(work);
  };

  const takeUp = async (): Promise<void> => {
    const free = inFlightMax - inFlight.size;
    // A quarter at a time at least: one statement then leases several items.
    if (free * 4 < inFlightMax) {
      await signal.wait(pollMs);
      return;
    }
    const items = await options.lease(free);
    items.forEach(start);
    more = items.length === free;
    if (!more) await signal.wait(pollMs);
  };

  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        await takeUp();
      } catch (error) {
        logger.warn({ err: error, work: name }, 'work could not be taken up');
        await signal.wait(pollMs);
      }
    }
    await Promise.all(inFlight);
  };

  const done = loop();
  return {
    wake: () => signal.ring(),
    async stop() {
      stop.abort();
      signal.ring();
      await done;
    },
  };
}
