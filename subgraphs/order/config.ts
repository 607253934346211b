import { milliseconds, port, subgraphVariables } from '@ordergraph/platform/config.ts';
import { z } from 'zod';

/** The order service's environment. */
export const orderConfiguration = z.object({
  ...subgraphVariables,
  PORT: port.default(4001),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a redis:// URL' }),
  /** How long inventory may take to answer before an order is cancelled. */
  PLACEMENT_TIMEOUT_MS: milliseconds.default(10 * 60_000),
  /** How long a cancellation may hang before stock and payment are asked again. */
  CANCELLATION_TIMEOUT_MS: milliseconds.default(30_000),
});

export type OrderConfig = z.infer<typeof orderConfiguration>;
