/** The configuration of the inventory service, by names of environment variables. */
import { milliseconds, port, subgraphVariables } from '@ordergraph/platform/config.ts';
import { z } from 'zod';

export const inventoryConfiguration = z.object({
  ...subgraphVariables,
  PORT: port.default(4002),
  /** How long stock is held for an order that is not paid. */
  HOLD_DURATION_MS: milliseconds.min(1).default(15 * 60 * 1_000),
  /** Whether a small catalogue is loaded at the start, once. */
  DEMO_CATALOGUE: z.stringbool().default(false),
});

export type InventoryConfig = z.infer<typeof inventoryConfiguration>;
