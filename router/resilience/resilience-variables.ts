/** The router's environment variables for retries, circuit breakers and the bound on operations under way. */
import { milliseconds } from '@ordergraph/platform/config.ts';
import { z } from 'zod';

const count = z.coerce.number().int().min(1);
const percent = count.max(100);
const coordinate = /^[_A-Za-z]\w*\.[_A-Za-z]\w*$/;

export const resilienceVariables = {
  /** How often one read may be sent again to a subgraph that was not there. */
  SUBGRAPH_RETRIES_MAX: z.coerce.number().int().min(0).max(5).default(2),
  /** Of the calls to a subgraph within the last ten seconds, this part may be sent again, and one a second anyhow. */
  SUBGRAPH_RETRY_PERCENT: z.coerce.number().min(0).max(100).default(10),
  /** A subgraph is left alone for a while when this part of its calls within the window has failed, if there were enough. */
  BREAKER_FAILURE_PERCENT: percent.default(50),
  BREAKER_CALLS_MIN: count.default(20),
  BREAKER_WINDOW_MS: count.default(10_000),
  /** For how long, before one call tries whether it is back. */
  BREAKER_OPEN_MS: milliseconds.default(2_000),
  /** How many operations may be under way at once. Those of less importance get a part of these places. */
  OPERATIONS_MAX: count.default(4_000),
  /** How long an operation may wait for a place. */
  OPERATION_WAIT_MS: milliseconds.default(1_000),
  /** Root fields whose operations are lost last, as `Type.field`, separated by commas; without any, all mutations are. */
  VITAL_FIELDS: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((name) => name.trim() || []))
    .refine((fields) => fields.every((field) => coordinate.test(field)), {
      error: 'must be root fields such as Mutation.placeOrder, separated by commas',
    }),
};
