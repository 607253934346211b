/** What a field may demand of its caller, clause by clause; all of its clauses must hold. */
import type { Identity } from '@ordergraph/platform/identity.ts';
import { z } from 'zod';

export type Clause =
  | { readonly kind: 'authenticated' }
  /** The caller needs every scope, or every policy, of one of these lists. */
  | { readonly kind: 'scopes' | 'policies'; readonly anyOf: readonly (readonly string[])[] };

/** Whom a policy is for: callers of one of the roles, if any are named, who have all the scopes. */
const policySchema = z.strictObject({
  roles: z.array(z.enum(['anonymous', 'customer', 'staff'])).optional(),
  scopes: z.array(z.string()).optional(),
});

export const policiesSchema = z.record(z.string(), policySchema);

/** Policies by name. One that is not in the table is for nobody. */
export type Policies = Readonly<z.infer<typeof policiesSchema>>;

/** Equal for clauses that demand the same. */
export function clauseKey(clause: Clause): string {
  return clause.kind === 'authenticated'
    ? clause.kind
    : `${clause.kind} ${JSON.stringify(clause.anyOf)}`;
}

export function isSatisfied(clause: Clause, identity: Identity, policies: Policies): boolean {
  switch (clause.kind) {
    case 'authenticated':
      return identity.subject !== null;
    case 'scopes':
      return clause.anyOf.some((all) => all.every((scope) => identity.scopes.includes(scope)));
    case 'policies':
      return clause.anyOf.some((all) => all.every((name) => isFor(name, identity, policies)));
  }
}

function isFor(name: string, identity: Identity, policies: Policies): boolean {
  const policy = Object.hasOwn(policies, name) ? policies[name] : undefined;
  if (!policy) return false;
  const { roles, scopes = [] } = policy;
  if (roles && !roles.includes(identity.role)) return false;
  return scopes.every((scope) => identity.scopes.includes(scope));
}
