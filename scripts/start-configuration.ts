/** What `npm start` is told by its environment, with all faults told at once and before anything starts. */
import { analyticsConfiguration } from '@ordergraph/analytics/config.ts';
import { inventoryConfiguration } from '@ordergraph/inventory/config.ts';
import { notificationConfiguration } from '@ordergraph/notification/config.ts';
import { orderConfiguration } from '@ordergraph/order/config.ts';
import { paymentConfiguration } from '@ordergraph/payment/config.ts';
import { ConfigurationError, type Environment } from '@ordergraph/platform/config.ts';
import { routerConfiguration } from '@ordergraph/router/config.ts';
import type { z } from 'zod';
import type { StackPorts } from './stack.ts';
import { startPorts } from './start-ports.ts';

const shapes: readonly Readonly<Record<string, z.ZodType>>[] = [
  orderConfiguration.shape,
  inventoryConfiguration.shape,
  paymentConfiguration.shape,
  notificationConfiguration.shape,
  analyticsConfiguration.shape,
  routerConfiguration.shape,
];

/** What the system says to its services itself, and what means something else to it than to one of them. */
const ofTheSystem: ReadonlySet<string> = new Set(
  (
    'PORT HOST DATABASE_URL NATS_URL NATS_PREFIX REDIS_URL INTERNAL_SECRET ' +
    'SANDBOX_URL SANDBOX_API_KEY SANDBOX_WEBHOOK_SECRET SMTP_URL ' +
    'SUPERGRAPH_FILE SUBGRAPH_URLS BATCHING_SUBGRAPHS WEBHOOK_TARGETS ' +
    'JWKS_URL JWKS_FILE JWT_ISSUER JWT_AUDIENCE'
  ).split(' '),
);

export type StartConfiguration = {
  readonly ports: StackPorts;
  /** The services' own variables, for example HOLD_DURATION_MS, for all services that know them. */
  readonly variables: Environment;
};

/** @throws ConfigurationError naming every variable at fault */
export function startConfiguration(environment: Environment): StartConfiguration {
  const faults: string[] = [];
  const ports = portsOrFaults(environment, faults);
  const variables: Record<string, string> = {};
  for (const [name, schema] of shapes.flatMap((shape) => Object.entries(shape))) {
    const value = environment[name];
    if (ofTheSystem.has(name) || !value?.trim()) continue;
    variables[name] = value;
    const { error } = schema.safeParse(value);
    faults.push(...(error?.issues ?? []).map(({ message }) => `${name}: ${message}`));
  }
  if (!ports || faults.length > 0) throw new ConfigurationError([...new Set(faults)]);
  return { ports, variables };
}

function portsOrFaults(environment: Environment, faults: string[]): StackPorts | undefined {
  try {
    return startPorts(environment);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    faults.push(...error.faults);
    return undefined;
  }
}
