/**
 * Three kinds of failure: a rejection is a value (a member of `userErrors`), a fault is thrown and carries a stable
 * code, a bug is anything else and is masked at the edge.
 */
import { GraphQLError, type GraphQLFormattedError } from 'graphql';

export type FaultCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'BAD_USER_INPUT'
  | 'GRAPHQL_PARSE_FAILED'
  | 'GRAPHQL_VALIDATION_FAILED'
  | 'BAD_REQUEST'
  | 'QUERY_TOO_COMPLEX'
  | 'THROTTLED'
  | 'PERSISTED_QUERY_NOT_FOUND'
  | 'PERSISTED_QUERY_ONLY'
  | 'PERSISTED_QUERY_NOT_SUPPORTED'
  | 'OPERATION_RESOLUTION_FAILURE'
  | 'CURSOR_EXPIRED'
  | 'SLOW_CONSUMER'
  | 'TOKEN_EXPIRED'
  | 'SERVICE_UNAVAILABLE'
  | 'TIMEOUT'
  | 'INTERNAL_SERVER_ERROR';

const publicCodes: ReadonlySet<string> = new Set<FaultCode>([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_REQUEST',
  'QUERY_TOO_COMPLEX',
  'THROTTLED',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_ONLY',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'OPERATION_RESOLUTION_FAILURE',
  'CURSOR_EXPIRED',
  'SLOW_CONSUMER',
  'TOKEN_EXPIRED',
  'SERVICE_UNAVAILABLE',
  'TIMEOUT',
]);

/** A failure a caller may see: its message and code are public, its cause is not. */
export function fault(
  code: FaultCode,
  message: string,
  extensions: Readonly<Record<string, unknown>> = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { ...extensions, code } });
}

/** Malformed input; `field` is the path of the argument at fault. */
export function badUserInput(message: string, field?: readonly string[]): GraphQLError {
  return fault('BAD_USER_INPUT', message, field ? { field } : {});
}

/** Removes what an outsider must not see: suggestions, stack traces, messages of anything that is not a fault. */
export function publicError(error: GraphQLFormattedError): GraphQLFormattedError {
  const code = error.extensions?.['code'];
  const base = {
    ...(error.locations ? { locations: error.locations } : {}),
    ...(error.path ? { path: error.path } : {}),
  };
  if (typeof code !== 'string' || !publicCodes.has(code)) {
    return {
      ...base,
      message: 'Something went wrong on our side.',
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    };
  }
  const { stacktrace: _stacktrace, exception: _exception, ...extensions } = error.extensions ?? {};
  return { ...base, message: error.message.replace(/ Did you mean .*$/s, ''), extensions };
}
