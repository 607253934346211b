/** Plans what clients ask most before a new supergraph is served, so that its begin is not felt. */
import type { Operations } from './operations.ts';
import { traceFrom } from './trace.ts';

/** How many operations are planned, and for how long, in milliseconds. */
const operationsMax = 200;
const timeMaxMs = 10_000;

/** Gives how many cases of operations were planned. Those that are not valid any more are left out. */
export async function warmUp(from: Operations, to: Operations): Promise<number> {
  const untilMs = Date.now() + timeMaxMs;
  let planned = 0;
  for (const { request, cases } of from.mostUsed(operationsMax)) {
    for (const variables of cases) {
      if (Date.now() > untilMs) return planned;
      try {
        await to.planned(to.prepare(request), variables, traceFrom(undefined));
        planned += 1;
      } catch {
        // Whoever asks for it will be told why.
        break;
      }
    }
  }
  return planned;
}
