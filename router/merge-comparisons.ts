/**
 * How much validation has to compare to find out whether fields of one response name can be merged: each with each
 * other of that name, in sets merged level by level, and each fragment of a set with each other. It is quadratic: 12 kB
 * of one field, repeated, hold up the process for half a second.
 */
import {
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

export type ComparisonBounds = {
  /** Pairs, and selections with the fragments written out. */
  readonly comparisonsMax: number;
  /** Levels that are looked at: fragments in a circle have no last one. */
  readonly depthMax: number;
};

/** Whether the operations of a document can be checked with that many comparisons. */
export function comparisonsWithin(document: DocumentNode, bounds: ComparisonBounds): boolean {
  const counting = new Counting(document, bounds);
  return document.definitions.every(
    (node) =>
      node.kind !== Kind.OPERATION_DEFINITION ||
      counting.merge([node.selectionSet], bounds.depthMax),
  );
}

/** A pair of fragments takes as long as some pairs of fields. */
const fragmentWeight = 3;

/** One level of fields, from all the sets that are merged there. */
type Level = {
  /** Selection sets by response name. */
  readonly fields: Map<string, (SelectionSetNode | undefined)[]>;
  readonly spread: Set<string>;
};

class Counting {
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  #left: number;

  constructor(document: DocumentNode, { comparisonsMax }: ComparisonBounds) {
    this.#left = comparisonsMax;
    for (const node of document.definitions) {
      if (node.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(node.name.value, node);
    }
  }

  /** False once there are too many comparisons. */
  merge(sets: readonly SelectionSetNode[], levels: number): boolean {
    if (levels === 0) return true;
    const level: Level = { fields: new Map(), spread: new Set() };
    for (const set of sets) this.#collect(set, level);
    this.#left -= fragmentWeight * pairs(level.spread.size);
    for (const named of level.fields.values()) {
      this.#left -= pairs(named.length);
      if (this.#left < 0) return false;
      const inner = named.flatMap((set) => set ?? []);
      if (inner.length > 0 && !this.merge(inner, levels - 1)) return false;
    }
    return this.#left >= 0;
  }

  #collect(set: SelectionSetNode, level: Level): void {
    this.#left -= set.selections.length;
    if (this.#left < 0) return;
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) this.#collect(selection.selectionSet, level);
      if (selection.kind === Kind.FRAGMENT_SPREAD) this.#spread(selection.name.value, level);
      if (selection.kind !== Kind.FIELD) continue;
      const name = selection.alias?.value ?? selection.name.value;
      const named = level.fields.get(name);
      if (named) named.push(selection.selectionSet);
      else level.fields.set(name, [selection.selectionSet]);
    }
  }

  #spread(name: string, level: Level): void {
    const fragment = this.#fragments.get(name);
    if (!fragment || level.spread.has(name)) return;
    level.spread.add(name);
    this.#collect(fragment.selectionSet, level);
  }
}

function pairs(count: number): number {
  return (count * (count - 1)) / 2;
}
