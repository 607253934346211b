/**
 * The issuer's public keys. Both sources follow a rotation: a token with a key id that is not known makes the keys be
 * read again, but not more often than the cool-down, so that forged ids cost nothing; and they are read again after a
 * while in any case, so that a key taken back is believed no longer.
 */
import { readFile } from 'node:fs/promises';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';

const cooldownMs = 1_000;
const maxAgeMs = 60_000;

/** Keys from an address. A source that cannot be reached rejects with an error that is no `JOSEError` about the token. */
export function remoteKeySet(url: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(url), {
    cooldownDuration: cooldownMs,
    cacheMaxAge: maxAgeMs,
    timeoutDuration: 3_000,
  });
}

/** Keys from a file. */
export function fileKeySet(file: string): JWTVerifyGetKey {
  let loaded: { keys: ReturnType<typeof createLocalJWKSet>; atMs: number } | undefined;
  const load = async () => {
    const parsed: JSONWebKeySet = JSON.parse(await readFile(file, 'utf8'));
    loaded = { keys: createLocalJWKSet(parsed), atMs: Date.now() };
    return loaded;
  };
  return async (header, token) => {
    const fresh = loaded && Date.now() - loaded.atMs < maxAgeMs ? loaded : await load();
    try {
      return await fresh.keys(header, token);
    } catch (error) {
      const known = !(error instanceof errors.JWKSNoMatchingKey);
      if (known || Date.now() - fresh.atMs < cooldownMs) throw error;
      return (await load()).keys(header, token);
    }
  };
}
