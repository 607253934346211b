/** What is subscribed to at the moment, by all that tells one subscription from another but its place. */
import { Topic } from './topic.ts';

export class Topics {
  /** By the text at the subgraph, of which there are few, and then by everything else. */
  readonly #byText = new Map<string, Map<string, Topic>>();

  of(text: string, rest: string): Topic {
    const known = this.#byText.get(text)?.get(rest);
    if (known) return known;
    const topic = new Topic(() => this.#forget(text, rest));
    const byRest = this.#byText.get(text);
    if (byRest) byRest.set(rest, topic);
    else this.#byText.set(text, new Map([[rest, topic]]));
    return topic;
  }

  #forget(text: string, rest: string): void {
    const byRest = this.#byText.get(text);
    byRest?.delete(rest);
    if (byRest?.size === 0) this.#byText.delete(text);
  }
}
