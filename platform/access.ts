/** Who may: the checks that resolvers open with. */
import { fault } from './errors.ts';
import type { Identity } from './identity.ts';

/** The caller's id. @throws UNAUTHENTICATED for anonymous callers. */
export function requireCaller(identity: Identity): string {
  if (identity.subject === null) throw fault('UNAUTHENTICATED', 'Sign in to do this.');
  return identity.subject;
}

/** The staff member's id. @throws UNAUTHENTICATED or FORBIDDEN for everybody else. */
export function requireStaff(identity: Identity): string {
  const caller = requireCaller(identity);
  if (identity.role !== 'staff') throw fault('FORBIDDEN', 'This is for staff.');
  return caller;
}

/** The caller's id. @throws UNAUTHENTICATED, or FORBIDDEN without the scope. */
export function requireScope(identity: Identity, scope: string): string {
  const caller = requireCaller(identity);
  if (!identity.scopes.includes(scope)) throw fault('FORBIDDEN', `This needs the scope ${scope}.`);
  return caller;
}
