/**
 * Sends a read again whose subgraph was not there, or turned it away at once: connection refused or lost, or 502, 503 or
 * 504 without GraphQL from whatever stands before it. It does so
 *
 * - only for reads: root fields of queries, and entities, which are read after a mutation as well. A write that got no
 *   answer may have been done; its client repeats it, with its idempotency key;
 * - not after a time-out: the subgraph has had all the time there is for a call, and asking it for the same again would
 *   double the load of one that cannot bear what it has;
 * - only while half of the call's time is left, which is shared by all its attempts: what a subgraph is given for a
 *   second attempt must be worth it, and nobody waits longer because of it;
 * - after a pause that is uneven and grows, so that those who failed together do not come back together;
 * - within the budget of the subgraph, and not past its circuit breaker.
 */
import { backOffMs } from '../streams/back-off.ts';
import type { Call, CallFailure, Calling, CallObserver } from './calling.ts';
import type { RetryBudget } from './retry-budget.ts';

export type RetryParts = {
  readonly subgraph: string;
  readonly budget: RetryBudget;
  /** How often one call may be sent again. */
  readonly retriesMax: number;
  readonly observer: CallObserver;
};

type AnyCall = Call<{ readonly kind: string }>;

export function withRetries(next: Calling, parts: RetryParts): Calling {
  const { subgraph, budget, retriesMax, observer } = parts;

  const mayGoAgain = (call: Pick<AnyCall, 'startedMs' | 'deadlineMs'>, pauseMs: number) => {
    const nowMs = Date.now();
    if (nowMs + pauseMs > (call.startedMs + call.deadlineMs) / 2) return false;
    const isAllowed = budget.take(performance.now());
    observer.retry(subgraph, isAllowed ? 'sent' : 'over_budget');
    return isAllowed;
  };

  return (call, ended) => {
    budget.called(performance.now());
    if (call.kind === 'write' || retriesMax === 0) return next(call, ended);
    let failures = 0;
    next(call, function attempted(reply) {
      if (!mayPass(reply) || failures === retriesMax) return ended(reply);
      failures += 1;
      const pauseMs = backOffMs(failures);
      if (mayGoAgain(call, pauseMs)) setTimeout(() => next(call, attempted), pauseMs);
      else ended(reply);
    });
  };
}

function mayPass(reply: { readonly kind: string } | CallFailure): boolean {
  return 'verdict' in reply && reply.verdict === 'passing';
}
