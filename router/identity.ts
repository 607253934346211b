/** Who calls: a bearer token is checked against the issuer's keys; no token is an anonymous caller. */
import { fault } from '@ordergraph/platform/errors.ts';
import { anonymous } from '@ordergraph/platform/identity.ts';
import type { GraphQLError } from 'graphql';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { Caller } from './request.ts';

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
  readonly keys: JWTVerifyGetKey;
  readonly issuer: string;
  readonly audience: string;
};

/**
 * Makes the function that reads an `Authorization` header. It rejects with UNAUTHENTICATED for a token that is wrong in
 * any way, and with SERVICE_UNAVAILABLE when the issuer's keys cannot be had.
 */
export function createIdentify({ keys, issuer, audience }: TokenRules): Identify {
  return async (authorization) => {
    if (authorization === undefined || authorization === '') return anonymousCaller;
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined)
      throw unauthenticated('The Authorization header must be "Bearer <token>".');
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms,
      requiredClaims: ['sub', 'exp'],
      clockTolerance: clockToleranceSeconds,
    }).catch((error: unknown) => {
      throw tokenFault(error);
    });
    return callerFrom(payload);
  };
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
  const keysMissing =
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    !(error instanceof errors.JOSEError) ||
    error.code === 'ERR_JOSE_GENERIC';
  if (keysMissing) return fault('SERVICE_UNAVAILABLE', 'Tokens cannot be checked at the moment.');
  return unauthenticated('The token is not valid.');
}

function unauthenticated(message: string): GraphQLError {
  return fault('UNAUTHENTICATED', message);
}
