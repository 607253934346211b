/**
 * A partner's key: `ogk_`, a prefix by which it is found and spoken of, and 256 random bits. Only its SHA-256 is stored:
 * what cannot be guessed needs no slow hash.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export type NewApiKey = {
  /** To be shown once. */
  readonly key: string;
  readonly prefix: string;
  readonly hash: string;
};

const shape = /^ogk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

export function newApiKey(): NewApiKey {
  const prefix = randomBytes(6).toString('hex');
  const key = `ogk_${prefix}_${randomBytes(32).toString('base64url')}`;
  return { key, prefix, hash: digest(key).toString('hex') };
}

/** The prefix of a text that has a key's shape. */
export function prefixOf(key: string): string | undefined {
  return shape.exec(key)?.[1];
}

/** Whether a key is the one that was hashed, in a time that tells nothing of either. */
export function isKeyOf(key: string, hash: string): boolean {
  return timingSafeEqual(digest(key), Buffer.from(hash, 'hex'));
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
