/** Configuration is read once, from an environment given as a value, and all its faults are reported together. */
import { z } from 'zod';

/** Thrown for a wrong configuration; each fault names its variable. */
export class ConfigurationError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`The configuration is wrong:\n${faults.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'ConfigurationError';
    this.faults = faults;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads a configuration whose keys are names of environment variables.
 * @throws ConfigurationError listing every variable that is missing or wrong, never its value.
 */
export function readConfig<S extends z.ZodType>(schema: S, environment: Environment): z.infer<S> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new ConfigurationError(
    result.error.issues.map((issue) => {
      const [name] = issue.path;
      if (name === undefined) return issue.message;
      return `${String(name)}: ${Object.hasOwn(given, name) ? issue.message : 'is missing'}`;
    }),
  );
}

export const port = z.coerce.number().int().min(0).max(65_535);
export const milliseconds = z.coerce.number().int().min(0);

/** At least 32 characters, so that nobody signs with a guessable secret. */
export const secret = z.string().min(32, 'must have at least 32 characters');

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Variables that every subgraph has; `HOST` is 0.0.0.0 in a container. */
export const subgraphVariables = {
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }),
  NATS_URL: z.url({ protocol: /^(nats|tls)$/, error: 'must be a nats:// URL' }),
  /** The first part of the names of NATS streams and subjects: keeps installations on one server apart. */
  NATS_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, - or _')
    .default('ordergraph'),
  INTERNAL_SECRET: secret,
  DATABASE_POOL_MAX: z.coerce.number().int().min(1).max(200).default(8),
  LOG_LEVEL: z.enum(logLevels).default('info'),
  NODE_ENV: z.enum(['development', 'test', 'production']).default('production'),
};

const subgraphConfiguration = z.object(subgraphVariables);
export type SubgraphConfig = z.infer<typeof subgraphConfiguration>;
