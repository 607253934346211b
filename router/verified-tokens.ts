/**
 * Callers of tokens that were checked a moment ago: a signature costs more than most of what is asked with it. What is
 * kept here is believed as long as the token is, and as long as the issuer's keys are those that it was checked by.
 */
import { BoundedCache } from './bounded-cache.ts';
import type { KeySet } from './key-set.ts';
import type { Caller } from './request.ts';

/** How many, and the length of their texts in all, in characters. */
const keptMax = 10_000;
const charactersMax = 8 * 1024 * 1024;

type Verified = { readonly caller: Caller; readonly version: number };

export class VerifiedTokens {
  readonly #kept = new BoundedCache<Verified>(keptMax, charactersMax);
  readonly #keys: KeySet;

  constructor(keys: KeySet) {
    this.#keys = keys;
  }

  find(token: string): Caller | undefined {
    const known = this.#kept.get(token);
    if (!known || known.version !== this.#keys.version()) return undefined;
    const { expiresAtMs } = known.caller;
    return expiresAtMs !== null && expiresAtMs > Date.now() ? known.caller : undefined;
  }

  /** @param version of the keys before the token was checked */
  keep(token: string, caller: Caller, version: number | undefined): void {
    if (version === undefined || version !== this.#keys.version()) return;
    this.#kept.set(token, { caller, version });
  }
}
