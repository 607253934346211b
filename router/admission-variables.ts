/** The router's environment variables for limits, rights and rates. */
import { z } from 'zod';
import { limitsSchema } from './limits.ts';
import { isAddressOrNetwork } from './rate-limit/client-address.ts';
import { plansSchema } from './rate-limit/plans.ts';
import { policiesSchema } from './rights/clauses.ts';

const count = z.coerce.number().int().min(1);

/** A value given as JSON text. Faults name its fields. */
function json<S extends z.ZodType>(schema: S, example: string) {
  return z
    .string()
    .default('{}')
    .transform((text, context): z.output<S> => {
      const value = schema.safeParse(parsedJson(text));
      if (value.success) return value.data;
      const fields = value.error.issues.map(({ path }) => path.join('.')).filter(Boolean);
      const where = fields.length > 0 ? ` (wrong: ${[...new Set(fields)].join(', ')})` : '';
      context.addIssue(`must be JSON such as ${example}${where}`);
      return z.NEVER;
    });
}

export const admissionVariables = {
  /** Bounds on documents, as JSON; those that are not named keep their usual values. */
  OPERATION_LIMITS: json(limitsSchema, '{"depthMax":20}'),
  /** What one operation may cost at most. */
  OPERATION_COST_MAX: count.default(200_000),
  /** How long a list is taken to be of which the schema says nothing. */
  LIST_SIZE_ASSUMED: count.default(10),
  /** Whether a field that its caller may not see is null with an error, or its whole request refused. */
  UNAUTHORIZED_FIELDS: z.enum(['null', 'refuse']).default('null'),
  /** Whom the policies of the supergraph are for, by name. */
  POLICIES: json(
    policiesSchema,
    '{"auditors":{"roles":["staff"],"scopes":["audit:read"]}}',
  ).transform((given) => ({ staff: { roles: ['staff' as const] }, ...given })),
  /** Whether callers are limited in what they spend; only with a `REDIS_URL`. */
  RATE_LIMIT: z.enum(['on', 'off']).default('on'),
  /** What callers may spend, by the name of their plan, as JSON; beside the usual plans or in their place. */
  RATE_LIMIT_PLANS: json(plansSchema, '{"customer":{"capacity":10000,"refillPerSecond":500}}'),
  /** How many routers share the plans: each gives its part of them while Redis is away. */
  ROUTER_INSTANCES: count.default(1),
  /** How long a request may wait for Redis; more only where Redis is far away. */
  RATE_LIMIT_TIMEOUT_MS: count.max(10_000).default(40),
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed; separated by commas. */
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((entry) => entry.trim() || []))
    .refine((entries) => entries.every(isAddressOrNetwork), {
      error: 'must be addresses or networks such as 10.0.0.0/8, separated by commas',
    }),
};

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
