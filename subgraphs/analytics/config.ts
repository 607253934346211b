/** The analytics service's configuration; nothing else here reads the environment. */
import { z } from 'zod';
import { port, subgraphVariables } from '@ordergraph/platform/config.ts';

export const analyticsConfiguration = z.object({
  ...subgraphVariables,
  PORT: port.default(4005),
});

export type AnalyticsConfig = z.infer<typeof analyticsConfiguration>;
