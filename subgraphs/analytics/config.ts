/** The analytics service's configuration; nothing else here reads the environment. */
import { z } from 'zod';
import { port, subgraphVariables } from '@ordergraph/platform/config.ts';

export const analyticsConfiguration = z.object({
  ...subgraphVariables,
  PORT: port.default(4005),
  NATS_PREFIX: z.string().min(1).default('ordergraph'),
});

export type AnalyticsConfig = z.infer<typeof analyticsConfiguration>;
