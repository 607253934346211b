/** The router's environment variables for what it keeps between requests. */
import { z } from 'zod';
import { invalidationsSchema } from './invalidations.ts';

const example = '{"product.upserted":{"type":"Product","key":{"sku":"subject"}}}';

export const cacheVariables = {
  /** Whether answers and entities for everybody are kept between requests; only with a `REDIS_URL`. */
  CACHE: z.enum(['on', 'off']).default('on'),
  /** What is longer is not kept. */
  CACHE_ENTRY_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(256 * 1024),
  /** Events that end what is kept, as JSON; without them it is kept for as long as its subgraphs say. */
  CACHE_INVALIDATIONS: z
    .string()
    .default('{}')
    .transform((text, context) => {
      const read = invalidationsSchema.safeParse(parsedJson(text));
      if (read.success) return read.data;
      context.addIssue(`must be JSON such as ${example}`);
      return z.NEVER;
    }),
  /** Where these events are published; needed for them alone. */
  NATS_URL: z.url({ protocol: /^(nats|tls)$/, error: 'must be a nats:// URL' }).optional(),
  /** What their subjects begin with. */
  NATS_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, - or _')
    .default('ordergraph'),
};

/** Whoever names events must say where they are. */
export function hasWhereEventsAre(config: {
  readonly NATS_URL?: string | undefined;
  readonly CACHE_INVALIDATIONS?: unknown;
}): boolean {
  const { CACHE_INVALIDATIONS: given } = config;
  const none = typeof given !== 'object' || given === null || Object.keys(given).length === 0;
  return none || config.NATS_URL !== undefined;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
