/**
 * The types that this router has seen in answers for everybody: changes of others need not be told to anybody. It has told
 * of none of its own changes of a type before it is here; another router may have kept answers with it meanwhile, so they
 * are ended when it comes.
 */
import type { Changes } from './changes.ts';
import { ofType } from './tags.ts';

export class KeptTypes {
  readonly #changes: Changes;
  readonly #known = new Set<string>();

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  learn(types: Iterable<string>): void {
    const fresh = [...types].filter((type) => !this.#known.has(type));
    if (fresh.length === 0) return;
    for (const type of fresh) this.#known.add(type);
    // Not waited for: what is looked up from now on goes the same way, behind it.
    void this.#changes.tell(fresh.flatMap(ofType), 'doubt');
  }

  among(types: Iterable<string>): readonly string[] {
    return [...types].filter((type) => this.#known.has(type));
  }
}
