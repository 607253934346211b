/** What a subgraph knows of a request, and what it tells of a failure. */
import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Cause } from '@ordergraph/schema/events/envelope.ts';
import { publicError } from './errors.ts';
import type { Identity } from './identity.ts';
import type { Logger } from './logger.ts';

/** Who asks, what the work it sets going is to be filed under, and until when an answer is of use. */
export type SubgraphRequest = {
  readonly identity: Identity;
  readonly cause: Cause;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number | undefined;
};

/** What a client's request sets going is filed under its trace, or under an id of its own. */
export function newCause(traceparent: string | undefined): Cause {
  const traceId = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(traceparent ?? '')?.[1];
  return {
    correlationId: traceId ?? randomUUID(),
    causationId: null,
    ...(traceId && traceparent ? { traceparent } : {}),
  };
}

/** The public form of an error; one that is a bug is logged whole. */
export function reportError(
  logger: Logger,
  formatted: GraphQLFormattedError,
  error: unknown,
): GraphQLFormattedError {
  const shown = publicError(formatted);
  if (shown.extensions?.['code'] === 'INTERNAL_SERVER_ERROR') {
    const err = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    logger.error({ err, path: formatted.path }, 'a resolver failed');
  }
  return shown;
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
