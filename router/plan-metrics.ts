/** What the router tells about its plans: how many it has, how often that is enough, and what new ones take. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { PlanObserver } from './planning/observed-planning.ts';

const planningBucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export function createPlanMetrics(registry: Registry): PlanObserver {
  const registers = [registry];
  let kept = (): number => 0;
  const asked = new Counter({
    name: 'router_plan_cache_requests_total',
    help: 'Operations by whether their plan was there already.',
    labelNames: ['result'],
    registers,
  });
  const made = new Histogram({
    name: 'router_planning_duration_seconds',
    help: 'Time to plan an operation, with the wait for the planner.',
    labelNames: ['outcome'],
    buckets: planningBucketsSeconds,
    registers,
  });
  registry.registerMetric(
    new Gauge({
      name: 'router_plan_cache_operations',
      help: 'Operations kept, read and validated, with their plans.',
      registers: [],
      collect() {
        this.set(kept());
      },
    }),
  );
  return {
    planAsked: (wasThere) => asked.inc({ result: wasThere ? 'hit' : 'miss' }),
    planMade: (outcome, seconds) => made.observe({ outcome }, seconds),
    operationsKept: (count) => {
      kept = count;
    },
  };
}
