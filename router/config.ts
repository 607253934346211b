/** The router's configuration. Keys are names of environment variables; only the schema is here, nothing is read. */
import { fileURLToPath } from 'node:url';
import { milliseconds, port, secret } from '@ordergraph/platform/config.ts';
import { z } from 'zod';
import { admissionVariables } from './admission-variables.ts';
import { cacheVariables, hasWhereEventsAre } from './cache/cache-variables.ts';
import { resilienceVariables } from './resilience/resilience-variables.ts';
import { tracingVariables } from './tracing/tracing-variables.ts';

const composedSupergraph = fileURLToPath(new URL('../schema/supergraph.graphql', import.meta.url));

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
const count = z.coerce.number().int().min(1);

/** A JSON object of URLs by name, given as text. */
function urlsByName(example: string) {
  const message = `must be a JSON object of http(s) URLs, for example ${example}`;
  return z
    .string()
    .default('{}')
    .transform((text, context) => {
      const urls = z.record(z.string(), httpUrl).safeParse(parsedJson(text));
      if (urls.success) return urls.data;
      context.addIssue(message);
      return z.NEVER;
    });
}

/** Words separated by commas. */
const names = z.string().transform((text) => text.split(',').flatMap((name) => name.trim() || []));

const tokenVariables = ['JWKS_URL', 'JWKS_FILE', 'JWT_ISSUER', 'JWT_AUDIENCE'] as const;

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

export const routerConfiguration = z
  .object({
    PORT: port.default(4000),
    HOST: z.string().default('127.0.0.1'),
    SUPERGRAPH_FILE: z.string().default(composedSupergraph),
    /** How often the file is looked at, so that another supergraph is served when it changes; 0: at SIGHUP only. */
    SUPERGRAPH_POLL_MS: z.coerce.number().int().min(0).default(1_000),
    /** Addresses other than those in the supergraph, by the subgraph's name. */
    SUBGRAPH_URLS: urlsByName('{"order":"http://127.0.0.1:4001/graphql"}'),
    /** Where webhooks go, by channel: the last part of `/webhooks/<channel>`. */
    WEBHOOK_TARGETS: urlsByName('{"sandbox":"http://127.0.0.1:4003/webhooks/sandbox"}'),
    /** Signs what subgraphs are told of the caller. Without one it is signed so that nobody can check it. */
    INTERNAL_SECRET: secret.optional(),
    /** The router's own database: partners and usage. Without it there are none. */
    DATABASE_URL: z
      .url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' })
      .optional(),
    /** Keeps rate limits, answers, and the texts of automatic persisted queries; without it there are none of them. */
    REDIS_URL: z
      .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' })
      .optional(),
    /** Of requests without a partner's key, this part is counted by field and stands for all. */
    USAGE_SAMPLE_RATE: z.coerce.number().min(0).max(1).default(0.1),
    ...admissionVariables,
    ...resilienceVariables,
    ...tracingVariables,
    ...cacheVariables,
    /**
     * Tokens: the issuer's public keys by an address or from a file, and what a token must say. Without them nobody has a
     * token, and every caller is anonymous.
     */
    JWKS_URL: httpUrl.optional(),
    JWKS_FILE: z.string().optional(),
    JWT_ISSUER: z.string().optional(),
    JWT_AUDIENCE: z.string().optional(),
    /** How long one call to a subgraph may take. */
    SUBGRAPH_TIMEOUT_MS: milliseconds.default(5_000),
    /** How long one operation may take, with all its calls. */
    REQUEST_TIMEOUT_MS: milliseconds.default(15_000),
    /** How long planning one operation may take. */
    PLANNING_TIMEOUT_MS: count.default(2_000),
    /** What runs plans: our own executor, or @apollo/gateway's to compare with. */
    EXECUTOR: z.enum(['own', 'gateway']).default('own'),
    /**
     * Subgraphs that take several operations as one call, each with its caller's identity in its `extensions`; separated
     * by commas. Any other subgraph must not be named: it would take them all for the same caller's.
     */
    BATCHING_SUBGRAPHS: names.default([]),
    /** Whether identical queries of one caller that are under way together are run once. */
    SHARED_READS: z.enum(['on', 'off']).default('on'),
    WEBHOOK_TIMEOUT_MS: milliseconds.default(10_000),
    SUBGRAPH_ANSWER_LIMIT_BYTES: count.default(16 * 1024 * 1024),
    BODY_LIMIT_BYTES: count.default(1024 * 1024),
    /** How many events may wait for a slow reader of one stream. */
    STREAM_QUEUE_MAX: count.default(256),
    /** How long what waits for a slow reader of one stream may be in all. */
    STREAM_QUEUE_BYTES: count.default(64 * 1024),
    /** For how long a subgraph may be away before its streams end; if it comes back sooner, they go on. */
    STREAM_RESUME_MS: milliseconds.default(15_000),
    /** How often an idle SSE or multipart stream shows that it lives. */
    STREAM_HEARTBEAT_MS: count.default(12_000),
    /** How many WebSockets may be open, and how many operations on one of them. */
    SOCKETS_MAX: count.default(20_000),
    SOCKET_OPERATIONS_MAX: count.default(1_000),
    /** How long a WebSocket may be open without saying who it is. */
    SOCKET_INIT_TIMEOUT_MS: count.default(3_000),
    /** How often a WebSocket is asked whether it lives; it is cut off if it has not answered by the next time. */
    SOCKET_PING_MS: count.default(12_000),
    /** Origins of web pages, besides the router's own, that may call it from a browser; separated by commas. */
    ALLOWED_ORIGINS: z
      .string()
      .default('')
      .transform((text) => text.split(',').flatMap((origin) => origin.trim() || [])),
    /** Whether the schema may be asked for; outside production by default. */
    INTROSPECTION: flag.optional(),
    LOG_LEVEL: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
      .default('info'),
    NODE_ENV: z.enum(['development', 'test', 'production']).default('production'),
  })
  .refine(
    (config) =>
      !hasTokens(config) || (config.JWKS_URL === undefined) !== (config.JWKS_FILE === undefined),
    {
      path: ['JWKS_URL'],
      error: 'give exactly one of JWKS_URL and JWKS_FILE',
      when: isRead,
    },
  )
  .refine((config) => !hasTokens(config) || config.JWT_ISSUER !== undefined, {
    path: ['JWT_ISSUER'],
    error: 'is missing',
    when: isRead,
  })
  .refine((config) => !hasTokens(config) || config.JWT_AUDIENCE !== undefined, {
    path: ['JWT_AUDIENCE'],
    error: 'is missing',
    when: isRead,
  })
  .refine(hasWhereEventsAre, {
    path: ['NATS_URL'],
    error: 'is missing',
    when: isRead,
  });

/** Whether anything is said of tokens: then all of it must be. */
function hasTokens(config: Partial<Record<(typeof tokenVariables)[number], unknown>>): boolean {
  return tokenVariables.some((name) => config[name] !== undefined);
}

/** So that these faults are told beside those of single variables. */
function isRead({ value }: { readonly value: unknown }): boolean {
  return typeof value === 'object' && value !== null;
}

export type RouterConfig = z.infer<typeof routerConfiguration>;

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
