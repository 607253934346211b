/** The payment service's configuration; nothing else here reads the environment. */
import { z } from 'zod';
import { milliseconds, port, subgraphVariables } from '@ordergraph/platform/config.ts';

const count = z.coerce.number().int().min(1);
const duration = milliseconds.min(1);

export const paymentConfiguration = z.object({
  ...subgraphVariables,
  PORT: port.default(4003),
  /** The sandbox provider's base URL. */
  SANDBOX_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .default('http://127.0.0.1:4010'),
  SANDBOX_API_KEY: z.string().min(1),
  /** With which the provider signs its webhooks. */
  SANDBOX_WEBHOOK_SECRET: z.string().min(16, 'must have at least 16 characters'),
  /** How long a provider may take to answer a call. */
  CHARGE_TIMEOUT_MS: duration.max(60_000).default(10_000),
  /** How long to wait for a webhook before the provider is asked. */
  RECONCILE_AFTER_MS: duration.default(5_000),
  /** Calls to a provider under way at once. */
  CHARGES_IN_FLIGHT_MAX: count.max(1_000).default(64),
  REFUNDS_IN_FLIGHT_MAX: count.max(1_000).default(16),
  /** How often to look for work without being woken. */
  WORK_POLL_MS: duration.max(10_000).default(250),
});

export type PaymentConfig = z.infer<typeof paymentConfiguration>;
