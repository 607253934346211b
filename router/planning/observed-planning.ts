/** Planning as it is seen from outside: how often a plan was there already, how long making one took, how it ended. */
import { GraphQLError } from 'graphql';
import { codeOf } from '../errors.ts';
import type { Trace } from '../trace.ts';

export type PlanObserver = {
  /** Whether the plan that an operation needs was there, or is being made for another one. */
  planAsked(wasThere: boolean): void;
  /** An operation was planned; `outcome` is `ok` or a public code. The time includes waiting for the planner. */
  planMade(outcome: string, seconds: number): void;
  /** How many operations are kept with their plans, to be asked whenever somebody wants to know. */
  operationsKept(count: () => number): void;
};

export async function observedPlanning<T>(
  observer: PlanObserver,
  trace: Trace,
  plan: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const span = trace.span?.child({ name: 'plan', kind: 'internal' });
  let outcome = 'ok';
  try {
    return await plan();
  } catch (error) {
    outcome = codeOf(error instanceof GraphQLError ? [error.toJSON()] : []);
    throw error;
  } finally {
    observer.planMade(outcome, (performance.now() - started) / 1000);
    span?.end(outcome);
  }
}
