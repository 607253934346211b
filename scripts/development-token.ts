/** Tokens as the development issuer signs them. */
import { importJWK, SignJWT } from 'jose';
import { developmentAudience, developmentIssuer, type Secrets } from './secrets.ts';

export type TokenClaims = {
  readonly subject: string;
  readonly role: 'customer' | 'staff';
  readonly scopes: readonly string[];
  /** How long the token is good for, in seconds. */
  readonly ttlS?: number;
};

const defaultTtlS = 12 * 60 * 60;

/** Signs a token for a customer or a staff member. */
export async function signDevelopmentToken(secrets: Secrets, claims: TokenClaims): Promise<string> {
  const key = await importJWK(secrets.tokenKey, 'ES256');
  return new SignJWT({ role: claims.role, scope: claims.scopes.join(' ') })
    .setProtectedHeader({ alg: 'ES256', kid: secrets.tokenKey.kid })
    .setSubject(claims.subject)
    .setIssuer(developmentIssuer)
    .setAudience(developmentAudience)
    .setIssuedAt()
    .setExpirationTime(`${claims.ttlS ?? defaultTtlS}s`)
    .sign(key);
}
