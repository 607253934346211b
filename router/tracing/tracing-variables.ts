/** The router's environment variables for traces, under the names that OpenTelemetry gives them where it has any. */
import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
const count = z.coerce.number().int().min(1);

export const tracingVariables = {
  /** Where traces are sent, by OTLP over HTTP in JSON: `/v1/traces` there. Without it no trace is recorded. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  /** The whole address, in place of the one above. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.optional(),
  /** Sent along with traces, for example to say who we are: `name=value`, separated by commas, values as in URLs. */
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .default('')
    .transform((text, context) => {
      const headers = text.split(',').flatMap((entry) => (entry.trim() ? [headerIn(entry)] : []));
      const known = headers.filter((header) => header !== undefined);
      if (known.length === headers.length) return Object.fromEntries(known);
      context.addIssue('must be headers such as authorization=Basic%20abc, separated by commas');
      return z.NEVER;
    }),
  /** How long sending one batch may take, with all its tries. */
  OTEL_EXPORTER_OTLP_TIMEOUT: count.default(10_000),
  /** What the router calls itself in traces. */
  OTEL_SERVICE_NAME: z.string().default('router'),
  /** Of the traces that begin here, this part is recorded. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  /** How long finished spans may wait for others to be sent with, and how many may wait; what is more is dropped. */
  OTEL_BSP_SCHEDULE_DELAY: count.default(5_000),
  OTEL_BSP_MAX_QUEUE_SIZE: count.default(2_048),
  /** How many traces a second are recorded because callers ask for it, all callers together. */
  CALLER_TRACES_PER_SECOND: z.coerce.number().int().min(0).default(10),
};

const tracingConfiguration = z.object(tracingVariables);
export type TracingConfig = z.infer<typeof tracingConfiguration>;

function headerIn(entry: string): [string, string] | undefined {
  const [, name, value] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=(.*)$/.exec(entry) ?? [];
  if (name === undefined || value === undefined) return undefined;
  try {
    return [name, decodeURIComponent(value.trim())];
  } catch {
    return undefined;
  }
}
