/**
 * Who calls, by all that a client has shown. An API key names the application, a token the person before it; either
 * may come alone. A partner that calls for nobody else acts for itself; for a person it can do what both are allowed.
 */
import { fault } from '@ordergraph/platform/errors.ts';
import type { Identify } from '../identity.ts';
import { isRecord, type Caller } from '../request.ts';
import type { Directory, Partner } from './directory.ts';

export type Credentials = {
  readonly authorization?: string | undefined;
  readonly apiKey?: string | undefined;
};

/** Rejects with UNAUTHENTICATED for a token or key that is wrong in any way, and with SERVICE_UNAVAILABLE. */
export type IdentifyCaller = (credentials: Credentials) => Promise<Caller>;

/** @param directory undefined for a router without partners, which takes no key */
export function createIdentifyCaller(
  identify: Identify,
  directory: Directory | undefined,
): IdentifyCaller {
  return async ({ authorization, apiKey }) => {
    if (apiKey === undefined) return identify(authorization);
    const partner = await directory?.authenticate(apiKey);
    if (!partner) throw wrongKey();
    const caller = await identify(authorization);
    return { ...caller, identity: identityFor(caller.identity, partner), partner };
  };
}

export function wrongKey() {
  return fault('UNAUTHENTICATED', 'The API key is not valid.');
}

function identityFor(person: Caller['identity'], { id, scopes }: Partner): Caller['identity'] {
  if (person.subject === null) return { subject: id, role: 'customer', scopes: [...scopes] };
  return { ...person, scopes: person.scopes.filter((scope) => scopes.includes(scope)) };
}

/** What a WebSocket client shows in `connection_init`. @throws UNAUTHENTICATED if what should be a key is none */
export function credentialsIn(
  parameters: unknown,
  headers: { readonly authorization?: string | undefined; readonly apiKey?: string | undefined },
): Credentials {
  const given = isRecord(parameters) ? parameters : {};
  const authorization = given['Authorization'] ?? given['authorization'];
  const keys = [given['apiKey'], given['X-API-Key'], given['x-api-key']].filter(
    (key) => key !== undefined && key !== null,
  );
  const [apiKey = headers.apiKey] = keys;
  const ambiguous = keys.some((key) => key !== apiKey);
  if ((apiKey !== undefined && typeof apiKey !== 'string') || ambiguous) throw wrongKey();
  return {
    authorization: typeof authorization === 'string' ? authorization : headers.authorization,
    apiKey,
  };
}
