/**
 * The issuer's public keys, from an address or a file. They follow a rotation, and live through an issuer that is away:
 *
 * | what is known of the keys              | a token comes                                                              |
 * | -------------------------------------- | -------------------------------------------------------------------------- |
 * | nothing, or read more than an hour ago | they are read before it is checked                                         |
 * | read in the last minute                | they are used                                                              |
 * | read before that                       | they are used, and read again meanwhile; after a quiet time the token waits |
 * | they have no key of the token's id     | they are read again before it is refused                                   |
 *
 * They are read by one at a time and not more often than once a second, so that forged ids cost the issuer nothing. A
 * reading that fails leaves the last keys in place.
 */
import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';

export type KeySet = {
  /** Rejects with an error that is no `JOSEError` if there are no keys to be had. */
  readonly key: JWTVerifyGetKey;
  /** Changes with the keys: what was checked by others must be checked again. Undefined if they must be read first. */
  version(): number | undefined;
};

type Loaded = { readonly keys: ReturnType<typeof createLocalJWKSet>; readonly text: string };

const cooldownMs = 1_000;
const freshMs = 60_000;
/** From this age on a token waits for the keys to be read again: there was none for a while. */
const quietMs = 2 * freshMs;
const usableMs = 60 * 60_000;
const readTimeoutMs = 3_000;
const charactersMax = 256 * 1024;

/** Keys from an address. */
export function remoteKeySet(url: string): KeySet {
  return keySet(async () => {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(readTimeoutMs),
    });
    if (!response.ok) throw new Error(`the issuer's keys were answered with ${response.status}`);
    return response.text();
  });
}

/** Keys from a file. */
export function fileKeySet(file: string): KeySet {
  return keySet(() => readFile(file, 'utf8'));
}

function keySet(read: () => Promise<string>): KeySet {
  let loaded: Loaded | undefined;
  let version = 0;
  let readAtMs = -Infinity;
  let triedAtMs = -Infinity;
  let failing = false;
  let reading: Promise<void> | undefined;

  const load = async (): Promise<void> => {
    triedAtMs = Date.now();
    try {
      const text = await read();
      if (text !== loaded?.text) {
        loaded = { keys: createLocalJWKSet(parsed(text)), text };
        version += 1;
      }
      readAtMs = Date.now();
      failing = false;
    } catch (error) {
      failing = true;
      throw error;
    }
  };
  const reload = (): Promise<void> => {
    reading ??= load().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const ageMs = (): number => Date.now() - readAtMs;
  const cool = (): boolean => Date.now() - triedAtMs >= cooldownMs;
  const refreshBehind = (): void => {
    if (ageMs() >= freshMs && cool()) reload().catch(() => undefined);
  };

  const usable = async (): Promise<Loaded> => {
    const isUsable = (): boolean => loaded !== undefined && ageMs() < usableMs;
    if (isUsable()) {
      if (ageMs() >= quietMs && !failing) await reload().catch(() => undefined);
      else refreshBehind();
    } else if (reading || cool()) await reload();
    if (!loaded || !isUsable()) throw new Error('the issuer has no keys');
    return loaded;
  };

  return {
    async key(header, token) {
      const { keys } = await usable();
      try {
        return await keys(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || !(reading || cool())) throw error;
        await reload().catch(() => undefined);
        return (loaded ?? { keys }).keys(header, token);
      }
    },
    version() {
      if (ageMs() >= quietMs) return undefined;
      refreshBehind();
      return version;
    },
  };
}

const jwksSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

/** @throws Error for what is no set of keys */
function parsed(text: string): JSONWebKeySet {
  if (text.length > charactersMax) throw new Error('the set of keys is too large');
  return jwksSchema.parse(JSON.parse(text));
}
