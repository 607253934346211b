/** What runs a plan. There is our own, and the stock one as its yardstick; both must give the same answers. */
import type { OperationResult } from './result.ts';
import type { PlannedOperation } from './operations.ts';
import type { FetchNode } from './planning/planner.ts';
import type { RequestContext, Variables } from './request.ts';
import type { SubgraphAnswer } from './subgraph-requests.ts';

/** An event of a subscription stands for the answer to the plan's primary fetch; only the rest is fetched. */
export type ReceivedEvent = { readonly fetch: FetchNode; readonly answer: SubgraphAnswer };

export type Execution = {
  readonly operation: PlannedOperation;
  /** Coerced, with defaults. */
  readonly variables: Variables;
  readonly context: RequestContext;
  readonly event?: ReceivedEvent;
};

export type Executor = {
  /**
   * Answers an operation. Never rejects because of a subgraph: what it could not give is null, with a public error at
   * its path. The result can be sent as it is.
   */
  execute(execution: Execution): Promise<OperationResult>;
};
