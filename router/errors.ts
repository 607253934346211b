/** What a client sees of a failure, and with which HTTP status. */
import { publicError } from '@ordergraph/platform/errors.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { nesting } from './document-measure.ts';
import { isRecord } from './request.ts';

/** Nothing was executed: the request is refused as a whole. */
export class RequestRefused extends Error {
  readonly errors: readonly GraphQLFormattedError[];
  constructor(errors: readonly GraphQLError[]) {
    super(errors[0]?.message ?? 'refused');
    this.name = 'RequestRefused';
    this.errors = errors.map((error) => publicError(error.toJSON()));
  }
}

const statusByCode: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  TOKEN_EXPIRED: 401,
  FORBIDDEN: 403,
  THROTTLED: 429,
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
  TIMEOUT: 504,
};

/** The HTTP status for a refused request: 400 unless its code says otherwise. */
export function statusOf(errors: readonly GraphQLFormattedError[]): number {
  return statusByCode[codeOf(errors)] ?? 400;
}

/** When a refused request may be sent again, in seconds; undefined if waiting is not what it takes. */
export function retryAfterOf(errors: readonly GraphQLFormattedError[]): number | undefined {
  const seconds = errors[0]?.extensions?.['retryAfterSeconds'];
  return typeof seconds === 'number' ? seconds : undefined;
}

/** The code of the first error, or INTERNAL_SERVER_ERROR. */
export function codeOf(errors: readonly GraphQLFormattedError[]): string {
  const code = errors[0]?.extensions?.['code'];
  return typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR';
}

/** The public form of anything thrown while a request was read or planned. What is not a fault is logged and masked. */
export function refusal(error: unknown, logger: Logger): readonly GraphQLFormattedError[] {
  if (error instanceof RequestRefused) return error.errors;
  const formatted = publicError(
    error instanceof GraphQLError ? error.toJSON() : { message: 'internal' },
  );
  if (formatted.extensions?.['code'] === 'INTERNAL_SERVER_ERROR') {
    logger.error({ err: error }, 'request failed');
  }
  return [formatted];
}

/**
 * Codes that a subgraph may speak to a client. Others are not the client's doing: a subgraph that finds the router's
 * query invalid, for example, runs another version of its schema.
 */
const subgraphCodes: ReadonlySet<unknown> = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'CURSOR_EXPIRED',
  'THROTTLED',
  'SLOW_CONSUMER',
  'SERVICE_UNAVAILABLE',
  'TIMEOUT',
]);

/** The public form of an error that a subgraph reported, or that was made for it by `subgraphFailure`. */
export function publicSubgraphError(error: GraphQLFormattedError): GraphQLFormattedError {
  const { serviceName: _serviceName, ...extensions } = error.extensions ?? {};
  const code = subgraphCodes.has(extensions['code']) ? extensions['code'] : undefined;
  const { locations: _locations, ...rest } = error;
  return publicError({ ...rest, extensions: { ...extensions, code } });
}

/** So that what is nested without end cannot exhaust the stack when it is written. */
const extensionsDepthMax = 50;

function isShallow(extensions: Readonly<Record<string, unknown>>): boolean {
  return nesting(extensions, extensionsDepthMax + 1) <= extensionsDepthMax;
}

/** An error as a subgraph's answer carries it, whatever it really sent. */
export function subgraphError(value: unknown): GraphQLFormattedError {
  if (!isRecord(value)) return { message: '' };
  const { message, path, extensions } = value;
  return {
    message: typeof message === 'string' ? message : '',
    ...(Array.isArray(path) && path.every(isPathElement) ? { path } : {}),
    ...(isRecord(extensions) && isShallow(extensions) ? { extensions } : {}),
  };
}

export type SubgraphFailure = 'SERVICE_UNAVAILABLE' | 'TIMEOUT';

/** The error for a subgraph that gave no answer; `service` is its public name. */
export function subgraphFailure(
  code: SubgraphFailure,
  service: string,
  path?: readonly (string | number)[],
): GraphQLFormattedError {
  const message =
    code === 'TIMEOUT'
      ? `The ${service} service did not answer in time.`
      : `The ${service} service is not available.`;
  return { message, ...(path ? { path } : {}), extensions: { code, service } };
}

function isPathElement(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
