/**
 * Bounds on a document, checked before validation and planning, whose cost they bound. Selections are counted as if
 * every fragment were written out, each fragment only once: a few hundred bytes of fragments that spread one another
 * twice stand for millions of selections, and must be refused without visiting them.
 */
import { fault } from '@ordergraph/platform/errors.ts';
import {
  Kind,
  parse,
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

export type Limits = {
  readonly tokensMax: number;
  /** Selection sets inside one another, fragments written out; list and object values alike. */
  readonly depthMax: number;
  /** Fields and fragments, fragments written out. */
  readonly selectionsMax: number;
};

export const defaultLimits: Limits = { tokensMax: 5_000, depthMax: 20, selectionsMax: 1_000 };

type Size = { readonly depth: number; readonly selections: number };

/**
 * Parses a document within limits.
 * @throws GRAPHQL_PARSE_FAILED, or QUERY_TOO_COMPLEX without saying which limit was passed
 */
export function parseWithin(text: string, limits: Limits): DocumentNode {
  const document = parsed(text, limits);
  const measure = new Measure(document, limits);
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) measure.operation(definition.selectionSet);
    if (definition.kind === Kind.FRAGMENT_DEFINITION) measure.fragment(definition.name.value);
    if ('directives' in definition) measure.directives(definition.directives ?? []);
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    for (const { defaultValue } of definition.variableDefinitions ?? []) {
      if (defaultValue) measure.value(defaultValue, 1);
    }
  }
  return document;
}

function parsed(text: string, { tokensMax }: Limits): DocumentNode {
  try {
    return parse(text, { maxTokens: tokensMax });
  } catch (error) {
    // A document nested thousands of levels deep exhausts the parser's stack before it reaches the token limit.
    if (error instanceof RangeError) throw tooComplex();
    const message = error instanceof Error ? error.message : 'Syntax Error';
    if (message.includes('Parsing aborted')) throw tooComplex();
    throw fault('GRAPHQL_PARSE_FAILED', message);
  }
}

class Measure {
  readonly #limits: Limits;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  /** `undefined` while a fragment is being measured: it spreads itself, which validation refuses. */
  readonly #measured = new Map<string, Size | undefined>();

  constructor(document: DocumentNode, limits: Limits) {
    this.#limits = limits;
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
      this.#fragments.set(definition.name.value, definition);
    }
  }

  operation(set: SelectionSetNode): void {
    this.#set(set, 1);
  }

  fragment(name: string, level = 1): Size {
    if (this.#measured.has(name)) return this.#measured.get(name) ?? { depth: 0, selections: 0 };
    const definition = this.#fragments.get(name);
    if (definition === undefined) return { depth: 0, selections: 0 };
    this.#measured.set(name, undefined);
    const size = this.#set(definition.selectionSet, level);
    this.#measured.set(name, size);
    return size;
  }

  directives(directives: readonly DirectiveNode[]): void {
    for (const { arguments: given } of directives) {
      for (const argument of given ?? []) this.value(argument.value, 1);
    }
  }

  value(value: ValueNode, level: number): void {
    if (level > this.#limits.depthMax) throw tooComplex();
    if (value.kind === Kind.LIST) for (const item of value.values) this.value(item, level + 1);
    if (value.kind === Kind.OBJECT) {
      for (const field of value.fields) this.value(field.value, level + 1);
    }
  }

  /** `level` bounds the recursion itself; the size returned bounds what it stands for. */
  #set(set: SelectionSetNode, level: number): Size {
    if (level > this.#limits.depthMax) throw tooComplex();
    let depth = 0;
    let selections = 0;
    for (const selection of set.selections) {
      this.directives(selection.directives ?? []);
      let inner: Size = { depth: 0, selections: 0 };
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        inner = this.fragment(selection.name.value, level);
      } else if (selection.selectionSet) {
        inner = this.#set(selection.selectionSet, level + 1);
      }
      if (selection.kind === Kind.FIELD) {
        for (const argument of selection.arguments ?? []) this.value(argument.value, 1);
      }
      depth = Math.max(depth, inner.depth + (selection.kind === Kind.FIELD ? 1 : 0));
      selections += 1 + inner.selections;
      if (depth > this.#limits.depthMax || selections > this.#limits.selectionsMax) {
        throw tooComplex();
      }
    }
    return { depth, selections };
  }
}

function tooComplex(): GraphQLError {
  return fault('QUERY_TOO_COMPLEX', 'The operation is too complex.');
}
