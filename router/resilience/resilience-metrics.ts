/** What the router tells of calls that were held back or repeated, and of operations that it had no room for. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { BreakerState, CallObserver } from './calling.ts';
import type { Importance } from './importance.ts';

export type ResilienceMetrics = CallObserver & {
  /** An operation was refused as the router had too much to do. */
  readonly shed: (importance: Importance) => void;
};

const stateNumbers: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };

export function createResilienceMetrics(registers: Registry[]): ResilienceMetrics {
  const breakers = new Gauge({
    name: 'router_subgraph_breaker_state',
    help: 'Of each subgraph: 0 closed, 1 half-open, 2 open.',
    labelNames: ['subgraph'],
    registers,
  });
  const shortCircuited = new Counter({
    name: 'router_subgraph_short_circuited_total',
    help: 'Calls answered without asking the subgraph, as its breaker was open.',
    labelNames: ['subgraph'],
    registers,
  });
  const retries = new Counter({
    name: 'router_subgraph_retries_total',
    help: 'Reads sent again, and those that were not as the budget was spent.',
    labelNames: ['subgraph', 'outcome'],
    registers,
  });
  const shed = new Counter({
    name: 'router_shed_total',
    help: 'Operations refused as the router had too much to do, by their importance.',
    labelNames: ['class'],
    registers,
  });
  return {
    breakerState: (subgraph, state) => breakers.set({ subgraph }, stateNumbers[state]),
    shortCircuited: (subgraph) => shortCircuited.inc({ subgraph }),
    retry: (subgraph, outcome) => retries.inc({ subgraph, outcome }),
    shed: (importance) => shed.inc({ class: importance }),
  };
}
