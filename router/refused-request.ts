/** A request that was refused before there was an operation, as it is counted and logged beside the others. */
import { codeOf } from './errors.ts';
import type { FinishedRequest } from './telemetry.ts';

type Known = 'transport' | 'trace' | 'client' | 'errors' | 'seconds';

export function refusedRequest(
  about: Pick<FinishedRequest, Known> & Partial<Pick<FinishedRequest, 'partner' | 'status'>>,
): FinishedRequest {
  return {
    partner: undefined,
    type: 'unknown',
    operationName: undefined,
    outcome: codeOf(about.errors),
    cost: undefined,
    ...about,
  };
}
