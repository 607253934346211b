/** What every transport makes of a client's message: an operation request, and the context it runs in. */
import { fault } from '@ordergraph/platform/errors.ts';
import type { Identity } from '@ordergraph/platform/identity.ts';
import type { OperationTypeNode } from 'graphql';
import type { PartnerAccess } from './partners/directory.ts';
import { operationId, type OperationId } from './persisted/operation-id.ts';
import type { FinishedRequest } from './telemetry.ts';
import type { Trace } from './trace.ts';

export type Variables = Readonly<Record<string, unknown>>;

export type OperationRequest = {
  /** Empty if the operation is only named. */
  readonly query: string;
  readonly operationId?: OperationId | undefined;
  readonly operationName: string | undefined;
  readonly variables: Variables;
  readonly extensions: Variables;
};

export type Caller = {
  readonly identity: Identity;
  /** Until when that is believed: epoch milliseconds, or null for callers without a token. */
  readonly expiresAtMs: number | null;
  /** Whose application it is, if it has shown a partner's key. */
  readonly partner?: PartnerAccess | undefined;
  /** Where the request comes from: an IP address, as far as that can be believed. */
  readonly address?: string | undefined;
};

export type RequestContext = {
  readonly caller: Caller;
  readonly trace: Trace;
  /** Epoch milliseconds after which nobody waits for the answer any more. */
  readonly deadlineMs: number;
  /** Aborted when the client has gone; undefined where the work must be finished anyhow. */
  readonly signal: Abandonment | undefined;
};

/** An `AbortSignal` is one; what only looks costs less. */
export type Abandonment = { readonly aborted: boolean };

export type Transport = 'http' | 'websocket' | 'sse' | 'multipart';

/** What a transport can carry, and what it brought besides the operation. */
export type Delivery = {
  readonly transport: Transport;
  readonly operationTypes: readonly `${OperationTypeNode}`[];
  /** Continue a stream behind this cursor. */
  readonly lastEventId?: string | undefined;
  readonly signal?: Abandonment | undefined;
  /** Takes what is to be counted and logged of the operation, if the transport knows more of it later. */
  readonly report?: (finished: FinishedRequest) => void;
};

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads the parameters of GraphQL over HTTP.
 * @throws a BAD_REQUEST fault that names the parameter at fault.
 */
export function operationRequest(parameters: unknown): OperationRequest {
  if (Array.isArray(parameters)) throw fault('BAD_REQUEST', 'Batched operations are not accepted.');
  if (!isRecord(parameters)) throw fault('BAD_REQUEST', 'The body must be a JSON object.');
  const { query, operationName, variables, extensions } = parameters;
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    throw fault('BAD_REQUEST', 'The parameter "operationName" must be a text.');
  }
  const extended = objectOrNothing('extensions', extensions);
  const id = operationId(parameters, extended);
  return {
    query: textOf(query, id !== undefined),
    operationId: id,
    operationName: operationName || undefined,
    variables: objectOrNothing('variables', variables),
    extensions: extended,
  };
}

/** Clients that name an operation leave its text out, or send none: null, or an empty one. */
function textOf(query: unknown, named: boolean): string {
  if (typeof query === 'string' && query !== '') return query;
  if (named && (query === undefined || query === null || query === '')) return '';
  throw fault('BAD_REQUEST', 'The parameter "query" must be a text that is not empty.');
}

function objectOrNothing(name: string, value: unknown): Variables {
  if (value === undefined || value === null) return {};
  if (isRecord(value)) return value;
  throw fault('BAD_REQUEST', `The parameter "${name}" must be an object.`);
}
