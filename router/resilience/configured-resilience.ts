/** Retries, circuit breakers and the gate as the configuration wants them. */
import type { RouterConfig } from '../config.ts';
import type { Calling, CallObserver } from './calling.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { OperationGate } from './operation-gate.ts';
import type { ResilienceMetrics } from './resilience-metrics.ts';
import { RetryBudget } from './retry-budget.ts';
import { withBreaker } from './with-breaker.ts';
import { withRetries } from './with-retries.ts';

/** Each subgraph has a breaker and a budget of its own. */
export function guardFor(
  config: RouterConfig,
  observer: CallObserver,
): (subgraph: string, attempt: Calling) => Calling {
  const rules = {
    windowMs: config.BREAKER_WINDOW_MS,
    callsMin: config.BREAKER_CALLS_MIN,
    failurePercent: config.BREAKER_FAILURE_PERCENT,
    openMs: config.BREAKER_OPEN_MS,
  };
  return (subgraph, attempt) => {
    const breaker = new CircuitBreaker(rules);
    return withRetries(withBreaker(attempt, { subgraph, breaker, observer }), {
      subgraph,
      budget: new RetryBudget(config.SUBGRAPH_RETRY_PERCENT),
      retriesMax: config.SUBGRAPH_RETRIES_MAX,
      observer,
    });
  };
}

/** One for a router, whatever supergraph it serves. */
export function openGate(config: RouterConfig, metrics: ResilienceMetrics): OperationGate {
  return new OperationGate({
    placesMax: config.OPERATIONS_MAX,
    waitMs: config.OPERATION_WAIT_MS,
    onShed: metrics.shed,
  });
}
