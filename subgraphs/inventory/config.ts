/** The configuration of the inventory service, by names of environment variables. */
import { milliseconds, port, subgraphVariables } from '@ordergraph/platform/config.ts';
import { z } from 'zod';

export const inventoryConfiguration = z.object({
  ...subgraphVariables,
  PORT: port.default(4002),
  /** The first part of the names of NATS streams and subjects. */
  NATS_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be 1 to 32 letters, digits, - or _')
    .default('ordergraph'),
  /** How long stock is held for an order that is not paid. */
  HOLD_DURATION_MS: milliseconds.min(1).default(15 * 60 * 1_000),
  /** Whether a small catalogue is loaded at the start, once. */
  DEMO_CATALOGUE: z.stringbool().default(false),
});

export type InventoryConfig = z.infer<typeof inventoryConfiguration>;
