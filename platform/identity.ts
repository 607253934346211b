/**
 * Who calls. The router checks tokens and keys, then states the identity to subgraphs in a signed header; a subgraph
 * believes nothing else. Form: base64url(JSON) "." base64url(HMAC-SHA256), valid for a minute against replay.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

export const identityHeader = 'x-ordergraph-identity';

const identitySchema = z.object({
  subject: z.string().min(1).nullable(),
  role: z.enum(['anonymous', 'customer', 'staff']),
  scopes: z.array(z.string()),
});

/** `subject` is the customer's or staff member's id, null for anonymous callers. */
export type Identity = Readonly<z.infer<typeof identitySchema>>;

export const anonymous: Identity = { subject: null, role: 'anonymous', scopes: [] };

const statementSchema = identitySchema.extend({ expiresAtMs: z.number() });

/** How long a signed statement is believed, in milliseconds. */
export const statementTtlMs = 60_000;

/** Signs an identity for a subgraph. `secret` is the installation's internal secret. */
export function signIdentity(identity: Identity, secret: string, nowMs: number): string {
  const statement = { ...identity, expiresAtMs: nowMs + statementTtlMs };
  const payload = Buffer.from(JSON.stringify(statement)).toString('base64url');
  return `${payload}.${mac(payload, secret)}`;
}

/** The identity in a signed header, or undefined if it is missing, malformed, forged or too old. Never throws. */
export function verifyIdentity(
  header: string | undefined,
  secret: string,
  nowMs: number,
): Identity | undefined {
  const [payload, signature, ...rest] = (header ?? '').split('.');
  if (!payload || !signature || rest.length > 0) return undefined;
  const expected = Buffer.from(mac(payload, secret));
  const given = Buffer.from(signature);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
  const statement = statementSchema.safeParse(parseJson(payload));
  if (!statement.success || statement.data.expiresAtMs < nowMs) return undefined;
  const { subject, role, scopes } = statement.data;
  return { subject, role, scopes };
}

function mac(payload: string, secret: string): string {
  return createHmac('sha256', secret).update(payload).digest('base64url');
}

function parseJson(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
