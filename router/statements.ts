/**
 * What subgraphs are told of callers: identities, signed. A statement may be used again for a while, which leaves it most
 * of the time for which it is believed.
 */
import { signIdentity, statementTtlMs, type Identity } from '@ordergraph/platform/identity.ts';

type Statement = { readonly text: string; readonly signedAtMs: number };

/** For how long a statement is used again, in milliseconds. */
const reusedForMs = statementTtlMs / 4;

export class Statements {
  readonly #secret: string;
  readonly #signed = new WeakMap<Identity, Statement>();

  /** @param secret the installation's internal secret */
  constructor(secret: string) {
    this.#secret = secret;
  }

  of(identity: Identity, nowMs: number): string {
    const known = this.#signed.get(identity);
    if (known && nowMs - known.signedAtMs < reusedForMs) return known.text;
    const text = signIdentity(identity, this.#secret, nowMs);
    this.#signed.set(identity, { text, signedAtMs: nowMs });
    return text;
  }
}
