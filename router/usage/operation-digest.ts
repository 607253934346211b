import { createHash } from 'node:crypto';

/** Tells one operation from another, whoever runs it. */
export function operationDigest(name: string, text: string): string {
  return createHash('sha256').update(`${name}\n${text}`).digest('hex');
}
