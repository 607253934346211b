/** The thread that plans. It answers one order at a time, in order, with a plan as JSON text or with what went wrong. */
import { parentPort, workerData } from 'node:worker_threads';
import { createPlanBuilding } from './plan-building.ts';

export type PlanningOrder = { readonly operation: string; readonly name: string | undefined };
export type PlanningAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'plan'; readonly plan: string }
  | { readonly kind: 'failed'; readonly message: string };
export type PlanningThreadData = { readonly sdl: string; readonly exact: boolean };

function serve(data: PlanningThreadData): void {
  const build = createPlanBuilding(data.sdl, data.exact);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port to a thread has no origin
  const answer = (message: PlanningAnswer): void => parentPort?.postMessage(message);
  parentPort?.on('message', ({ operation, name }: PlanningOrder) => {
    try {
      answer({ kind: 'plan', plan: JSON.stringify(build(operation, name)) });
    } catch (error) {
      answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
  });
  answer({ kind: 'ready' });
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the planner starts this thread and nobody else
serve(workerData as PlanningThreadData);
