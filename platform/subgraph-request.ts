/** What a subgraph knows of a request, and what it tells of a failure. */
import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Cause } from '@ordergraph/schema/events/envelope.ts';
import { isTransient } from './database.ts';
import { publicError, type FaultCode } from './errors.ts';
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

/**
 * The public form of an error. A database that is away is SERVICE_UNAVAILABLE, for trying again helps; a text that
 * PostgreSQL cannot hold is BAD_USER_INPUT; anything else that is no fault is a bug, and is logged whole, with the trace
 * of the request that met it.
 */
export function reportError(
  { logger, traceId }: { readonly logger: Logger; readonly traceId: string | undefined },
  formatted: GraphQLFormattedError,
  error: unknown,
): GraphQLFormattedError {
  // Validation gives a literal that its scalar refused a code of its own, for which a router must take the blame.
  const refused = isFault(causeOf(error), 'BAD_USER_INPUT');
  const extensions = refused ? { ...formatted.extensions, code: 'BAD_USER_INPUT' } : undefined;
  const shown = publicError({ ...formatted, ...(extensions ? { extensions } : {}) });
  if (shown.extensions?.['code'] !== 'INTERNAL_SERVER_ERROR') return shown;
  const err = causeOf(error);
  if (isTransient(err)) {
    logger.warn({ err, path: formatted.path, traceId }, 'a resolver could not reach the database');
    return publicError({ ...formatted, ...unavailable });
  }
  if (isUnstorableText(err)) return publicError({ ...formatted, ...unstorable });
  logger.error({ err, path: formatted.path, traceId }, 'a resolver failed');
  return shown;
}

const unavailable = {
  message: 'This cannot be done right now; try again.',
  extensions: { code: 'SERVICE_UNAVAILABLE' },
};
const unstorable = {
  message: 'A text holds a character that cannot be stored, such as U+0000.',
  extensions: { code: 'BAD_USER_INPUT' },
};

function causeOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError
    ? causeOf(error.originalError)
    : error;
}

function isFault(error: unknown, code: FaultCode): boolean {
  return error instanceof GraphQLError && error.extensions['code'] === code;
}

/** SQLSTATE 22021 and 22P05: the text has a character that the database's encoding lacks. */
function isUnstorableText(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === '22021' || error.code === '22P05')
  );
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
