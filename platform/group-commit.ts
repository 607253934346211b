/**
 * Group commit: requests that arrive while a transaction is under way share the next one. Nothing is delayed on
 * purpose; a lone request is a batch of one.
 */
import { isTransient } from './database.ts';
import { fault } from './errors.ts';

export type GroupCommitOptions<I, O> = {
  /** Does a batch in one transaction; the n-th result answers the n-th item. */
  readonly run: (items: readonly I[]) => Promise<readonly O[]>;
  readonly batchMax: number;
  /** How many batches may be under way at once. */
  readonly concurrency: number;
  /** How many requests may wait; beyond it they are refused with SERVICE_UNAVAILABLE. */
  readonly queueMax?: number;
};

type Waiting<I, O> = {
  readonly item: I;
  readonly resolve: (result: O) => void;
  readonly reject: (error: unknown) => void;
};

const collisionRetriesMax = 3;

export class GroupCommit<I, O> {
  readonly #options: GroupCommitOptions<I, O>;
  #queue: Waiting<I, O>[] = [];
  #active = 0;

  constructor(options: GroupCommitOptions<I, O>) {
    this.#options = options;
  }

  /** Resolves with the item's own result once its batch is committed. */
  submit(item: I): Promise<O> {
    if (this.#queue.length >= (this.#options.queueMax ?? 10_000)) {
      return Promise.reject(
        fault('SERVICE_UNAVAILABLE', 'Too many requests are waiting; try again.'),
      );
    }
    return new Promise<O>((resolve, reject) => {
      this.#queue.push({ item, resolve, reject });
      // Deferred, so that requests of the same turn of the event loop share a batch.
      setImmediate(() => this.#next());
    });
  }

  #next(): void {
    while (this.#queue.length > 0 && this.#active < this.#options.concurrency) {
      const batch = this.#queue.splice(0, this.#options.batchMax);
      this.#active += 1;
      void this.#settle(batch).finally(() => {
        this.#active -= 1;
        this.#next();
      });
    }
  }

  async #settle(batch: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const results = await this.#runWithRetries(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, i) => {
        const result = results[i];
        if (result === undefined) reject(new Error('A batch left a request without a result'));
        else resolve(result);
      });
    } catch (error) {
      // One bad request must not take its neighbours along; a failing database would fail them all the same.
      if (batch.length === 1 || isTransient(error)) batch.forEach(({ reject }) => reject(error));
      else for (const waiting of batch) await this.#settle([waiting]);
    }
  }

  async #runWithRetries(items: readonly I[]): Promise<readonly O[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#options.run(items);
      } catch (error) {
        if (tries > collisionRetriesMax || !isCollision(error)) throw error;
      }
    }
  }
}

/** Dead-locks and serialisation failures: the transaction certainly did not commit. */
function isCollision(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    (error.code === '40001' || error.code === '40P01')
  );
}
