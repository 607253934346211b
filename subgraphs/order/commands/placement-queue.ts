/** Where placement requests wait for each other: those that arrive together share a transaction. */
import type { Database } from '@ordergraph/platform/database.ts';
import { GroupCommit } from '@ordergraph/platform/group-commit.ts';
import type { DeadlinePolicy } from '../domain/deadlines.ts';
import type { OrderChange } from '../domain/order.ts';
import { placeOrders, type PlacementRequest, type PlacementResult } from './place-orders.ts';

const batchMax = 100;
/** Two batches under way keep the database busy while one waits for its commit; more only makes them smaller. */
const concurrency = 2;

/** `committed` is told of the orders of each transaction. */
export function placementQueue(options: {
  readonly sql: Database;
  readonly now: () => Date;
  readonly policy: DeadlinePolicy;
  readonly committed: (changes: readonly OrderChange[]) => void;
}): GroupCommit<PlacementRequest, PlacementResult> {
  const { sql, committed, ...context } = options;
  return new GroupCommit({
    batchMax,
    concurrency,
    async run(requests) {
      const results = await placeOrders(sql, requests, context);
      committed(results.flatMap((result) => (result.kind === 'placed' ? [result.change] : [])));
      return results;
    },
  });
}
