/** How large a document is with its fragments written out, counted without writing them out. */
import {
  Kind,
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

export type Size = {
  /** Fields inside one another, and values inside one another. */
  readonly depth: number;
  /** Fields and fragments. */
  readonly selections: number;
  readonly aliases: number;
  readonly directives: number;
  /** Fields of the outermost level. */
  readonly fields: number;
};

const nothing: Size = { depth: 0, selections: 0, aliases: 0, directives: 0, fields: 0 };

/**
 * Measures the definitions of one document. What is nested deeper than `depthMax` is not looked at: its depth is told as
 * more than that. Fragments in a circle count once; validation refuses them.
 */
export class DocumentMeasure {
  readonly #depthMax: number;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  /** `nothing` while a fragment is being measured: it spreads itself. */
  readonly #measured = new Map<string, Size>();

  constructor(document: DocumentNode, depthMax: number) {
    this.#depthMax = depthMax;
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
      this.#fragments.set(definition.name.value, definition);
    }
  }

  operation(node: OperationDefinitionNode): Size {
    const variables = node.variableDefinitions ?? [];
    return together([
      this.#set(node.selectionSet, 1),
      this.#directives(node.directives),
      ...variables.flatMap(({ directives, defaultValue }) => [
        this.#directives(directives),
        defaultValue ? this.#value(defaultValue) : nothing,
      ]),
    ]);
  }

  fragment(node: FragmentDefinitionNode): Size {
    return this.#fragment(node.name.value, 1);
  }

  #fragment(name: string, level: number): Size {
    const known = this.#measured.get(name);
    if (known) return known;
    const definition = this.#fragments.get(name);
    if (!definition) return nothing;
    this.#measured.set(name, nothing);
    const size = together([
      this.#set(definition.selectionSet, level),
      this.#directives(definition.directives),
    ]);
    this.#measured.set(name, size);
    return size;
  }

  /** `level` bounds the recursion itself; the size returned tells what it stands for. */
  #set(set: SelectionSetNode, level: number): Size {
    if (level > this.#depthMax) return { ...nothing, depth: level };
    return together(set.selections.map((selection) => this.#selection(selection, level)));
  }

  #selection(selection: SelectionNode, level: number): Size {
    const directives = this.#directives(selection.directives);
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      return together([this.#fragment(selection.name.value, level), directives, oneSelection]);
    }
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      return together([this.#set(selection.selectionSet, level + 1), directives, oneSelection]);
    }
    const inner = selection.selectionSet ? this.#set(selection.selectionSet, level + 1) : nothing;
    return together([
      { ...inner, depth: inner.depth + 1, fields: 1 },
      { ...oneSelection, aliases: selection.alias ? 1 : 0 },
      directives,
      ...(selection.arguments ?? []).map(({ value }) => this.#value(value)),
    ]);
  }

  #directives(directives: readonly DirectiveNode[] = []): Size {
    if (directives.length === 0) return nothing;
    return together([
      { ...nothing, directives: directives.length },
      ...directives.flatMap(({ arguments: given = [] }) =>
        given.map(({ value }) => this.#value(value)),
      ),
    ]);
  }

  #value(value: ValueNode): Size {
    return { ...nothing, depth: literalNesting(value, this.#depthMax + 1) };
  }
}

const oneSelection: Size = { ...nothing, selections: 1 };

function together(sizes: readonly Size[]): Size {
  const sum = { ...nothing };
  for (const size of sizes) {
    sum.depth = Math.max(sum.depth, size.depth);
    sum.selections += size.selections;
    sum.aliases += size.aliases;
    sum.directives += size.directives;
    sum.fields += size.fields;
  }
  return sum;
}

/** Lists and objects inside one another in a literal; not counted beyond `most`. */
function literalNesting(value: ValueNode, most: number): number {
  if (value.kind !== Kind.LIST && value.kind !== Kind.OBJECT) return 0;
  if (most === 0) return 0;
  const inner = value.kind === Kind.LIST ? value.values : value.fields.map((field) => field.value);
  return 1 + deepest(inner.map((item) => literalNesting(item, most - 1)));
}

/** Lists and objects inside one another in a JSON value; not counted beyond `most`. */
export function nesting(value: unknown, most: number): number {
  if (!isNested(value) || most === 0) return 0;
  let within = 0;
  // Nearly all that is in a large value is not nested any further.
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    if (isNested(item)) within = Math.max(within, nesting(item, most - 1));
  }
  return 1 + within;
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function deepest(depths: readonly number[]): number {
  let most = 0;
  for (const depth of depths) most = Math.max(most, depth);
  return most;
}
