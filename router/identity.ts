/** Who calls: a bearer token is checked against the issuer's keys; no token is an anonymous caller. */
import { fault } from '@ordergraph/platform/errors.ts';
import { anonymous } from '@ordergraph/platform/identity.ts';
import type { GraphQLError } from 'graphql';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { z } from 'zod';
import type { KeySet } from './key-set.ts';
import type { Caller } from './request.ts';
import { VerifiedTokens } from './verified-tokens.ts';

export type Identify = (authorization: string | undefined) => Promise<Caller>;

export const anonymousCaller: Caller = { identity: anonymous, expiresAtMs: null };

const claimsSchema = z.object({
  sub: z.string().min(1).max(255),
  exp: z.number(),
  scope: z.string().default(''),
  role: z.enum(['customer', 'staff']).default('customer'),
});

/** How far the issuer's clock may be off, in seconds. */
const clockToleranceSeconds = 5;

/** Signatures by a public key only: a shared secret, or none, must not pass for the issuer. */
const algorithms = ['RS256', 'ES256', 'EdDSA'];

export type TokenRules = {
  readonly keys: KeySet;
  readonly issuer: string;
  readonly audience: string;
};

/**
 * Makes the function that reads an `Authorization` header. It rejects with UNAUTHENTICATED for a token that is wrong in
 * any way, and with SERVICE_UNAVAILABLE when the issuer's keys cannot be had.
 */
export function createIdentify(rules: TokenRules): Identify {
  const { keys } = rules;
  const verified = new VerifiedTokens(keys);
  return async (authorization) => {
    if (authorization === undefined || authorization === '') return anonymousCaller;
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined) {
      throw unauthenticated('The Authorization header must be "Bearer <token>".');
    }
    const known = verified.find(token);
    if (known) return known;
    const version = keys.version();
    const caller = callerFrom(await payloadOf(token, rules));
    verified.keep(token, caller, version);
    return caller;
  };
}

async function payloadOf(
  token: string,
  { keys, issuer, audience }: TokenRules,
): Promise<JWTPayload> {
  const options = {
    issuer,
    audience,
    algorithms,
    requiredClaims: ['sub', 'exp'],
    clockTolerance: clockToleranceSeconds,
  };
  try {
    return (await jwtVerify(token, keys.key, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw tokenFault(error);
    // A token that names no key may be of any.
    for await (const key of error) {
      const matching = await jwtVerify(token, key, options).catch((cause: unknown) => {
        if (!(cause instanceof errors.JWSSignatureVerificationFailed)) throw tokenFault(cause);
      });
      if (matching) return matching.payload;
    }
    throw tokenFault(error);
  }
}

function callerFrom(payload: JWTPayload): Caller {
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) throw unauthenticated('The token is not valid.');
  const { sub, exp, scope, role } = claims.data;
  const scopes = scope.split(' ').filter((word) => word !== '');
  return {
    identity: { subject: sub, role, scopes },
    expiresAtMs: (exp + clockToleranceSeconds) * 1000,
  };
}

function tokenFault(error: unknown): GraphQLError {
  if (error instanceof errors.JWTExpired) return unauthenticated('The token has expired.');
  if (!(error instanceof errors.JOSEError)) {
    return fault('SERVICE_UNAVAILABLE', 'Tokens cannot be checked at the moment.');
  }
  return unauthenticated('The token is not valid.');
}

function unauthenticated(message: string): GraphQLError {
  return fault('UNAUTHENTICATED', message);
}
