/**
 * A request to one subgraph for entities, gathered from all fetches that are ready at once. Fetches that ask the same of
 * their entities share one part, others stand beside it under an alias. In a part each representation comes once,
 * however many objects it stands for.
 */
import {
  combinedOperation,
  partAlias,
  partVariable,
  representations,
  type EntityPart,
} from './fetch-operation.ts';
import type { JsonObject } from './json.ts';
import { requestBegin, type PreparedFetch } from './prepared-plan.ts';

/** The objects, in the order of their representations, that one fetch wants to fill from a part's answer. */
export type PartUse = {
  readonly fetch: PreparedFetch;
  readonly targets: (JsonObject[] | undefined)[];
};

export type ContextTexts = ReadonlyMap<string, string>;

/** One list of entities in a request. */
export class RequestPart {
  readonly fetch: PreparedFetch;
  readonly uses = new Map<number, PartUse>();
  /** As JSON. */
  readonly representations: string[] = [];
  /** Values of the part's own variables besides the representations, as JSON. */
  readonly context: ContextTexts;
  /** What its entities call themselves. */
  readonly typenames = new Set<unknown>();
  readonly #index = new Map<string, number>();

  constructor(fetch: PreparedFetch, context: ContextTexts) {
    this.fetch = fetch;
    this.context = context;
  }

  add(fetch: PreparedFetch, representation: string, target: JsonObject): void {
    let index = this.#index.get(representation);
    if (index === undefined) {
      index = this.representations.push(representation) - 1;
      this.#index.set(representation, index);
      this.typenames.add(target['__typename']);
    }
    let use = this.uses.get(fetch.id);
    if (!use) this.uses.set(fetch.id, (use = { fetch, targets: [] }));
    const targets = use.targets[index];
    if (targets) targets.push(target);
    else use.targets[index] = [target];
  }

  /** The same for some of its representations, by their places. */
  only(places: readonly number[]): RequestPart {
    const rest = new RequestPart(this.fetch, this.context);
    for (const place of places) {
      const representation = this.representations[place];
      if (representation === undefined) continue;
      for (const { fetch, targets } of this.uses.values()) {
        for (const target of targets[place] ?? []) rest.add(fetch, representation, target);
      }
    }
    return rest;
  }
}

/** The part that a fetch's entities go to; a new one if none asks the same. */
export function partFor(
  fetch: PreparedFetch,
  context: ContextTexts,
  parts: Map<string, RequestPart>,
): RequestPart {
  const values = context.size === 0 ? '' : [...context.values()].join('\n');
  const key = `${fetch.selection}\n${values}`;
  const known = parts.get(key);
  if (known) return known;
  const part = new RequestPart(fetch, context);
  parts.set(key, part);
  return part;
}

/** Values of the client's variables as JSON; undefined for one that has no value. */
export type ValueText = (variable: string) => string | undefined;

/** The body of a request for these parts. `begins` keeps what depends on the plan alone. */
export function entityRequest(
  parts: readonly RequestPart[],
  valueText: ValueText,
  begins: Map<string, string>,
): string {
  const [first] = parts;
  if (!first) throw new Error('a request has a part');
  const single = parts.length === 1;
  const entries: string[] = [];
  const clients = new Set<string>();
  for (const [index, part] of parts.entries()) {
    const named = (name: string): string => (single ? name : partVariable(name, index));
    entries.push(`"${named(representations)}":[${part.representations.join(',')}]`);
    for (const [name, text] of part.context) entries.push(`"${named(name)}":${text}`);
    for (const { key, name } of part.fetch.variables) {
      const text = clients.has(key) ? undefined : valueText(name);
      if (text !== undefined) entries.push(key + text);
      clients.add(key);
    }
  }
  const begin = single ? first.fetch.body : combinedBegin(parts, begins);
  return `${begin}${entries.join(',')}}}`;
}

/** The name under which a part's entities come. */
export function answerName(part: number, count: number): string {
  return count === 1 ? '_entities' : partAlias(part);
}

const beginsMax = 64;

function combinedBegin(parts: readonly RequestPart[], begins: Map<string, string>): string {
  const key = parts.map(({ fetch }) => fetch.id).join();
  const known = begins.get(key);
  if (known !== undefined) return known;
  const text = combinedOperation(parts.map(partOfOperation));
  const begin = requestBegin(text, parts[0]?.fetch.operation.name);
  if (begins.size < beginsMax) begins.set(key, begin);
  return begin;
}

function partOfOperation({ fetch, context }: RequestPart): EntityPart {
  return {
    operation: fetch.operation,
    ownVariables: new Set([representations, ...context.keys()]),
  };
}
