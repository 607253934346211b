/**
 * The text of a fetch, cut into the parts of which requests are put together: a request carries one fetch, or several
 * entity fetches of one subgraph side by side, each under an alias and with variables of its own.
 */
import {
  Kind,
  OperationTypeNode,
  parse,
  visit,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { CallKind } from '../resilience/calling.ts';

export type FetchOperation = {
  /** As the plan has it. */
  readonly text: string;
  readonly name: string | undefined;
  readonly kind: CallKind;
  readonly selectionSet: SelectionSetNode;
  /** For entity fetches only. */
  readonly entities: EntitySelection | undefined;
  /** Types of variables, with defaults and directives, by their names. */
  readonly variables: ReadonlyMap<string, string>;
  readonly directives: string;
};

export type EntitySelection = {
  /** What is asked of each entity. */
  readonly selectionSet: SelectionSetNode;
  /** The same as text in pieces: text, the name of a variable, text, … */
  readonly pieces: readonly string[];
};

export const representations = 'representations';
const entitiesField = '_entities';

/** @param text one operation without named fragments, as the planner prints it */
export function fetchOperation(text: string, name: string | undefined): FetchOperation {
  const document = parse(text);
  const [operation, ...others] = document.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION || others.length > 0)
    throw new Error('a fetch is an operation');
  const cut = (node: { readonly loc?: { start: number; end: number } | undefined }): string =>
    text.slice(node.loc?.start, node.loc?.end);
  return {
    text,
    name,
    kind: operation.operation === OperationTypeNode.MUTATION ? 'write' : 'read',
    selectionSet: operation.selectionSet,
    entities: entitySelection(operation, text),
    variables: new Map(
      (operation.variableDefinitions ?? []).map((definition) => [
        definition.variable.name.value,
        cut(definition).slice(cut(definition).indexOf(':') + 1),
      ]),
    ),
    directives: (operation.directives ?? []).map(cut).join(' '),
  };
}

function entitySelection(
  operation: OperationDefinitionNode,
  text: string,
): EntitySelection | undefined {
  const [field] = operation.selectionSet.selections;
  if (field?.kind !== Kind.FIELD || field.name.value !== entitiesField) return undefined;
  const set = field.selectionSet;
  if (!set?.loc) return undefined;
  const pieces: string[] = [];
  let from = set.loc.start;
  visit(set, {
    Variable: ({ name, loc }) => {
      pieces.push(text.slice(from, loc?.start), name.value);
      from = loc?.end ?? from;
    },
  });
  pieces.push(text.slice(from, set.loc.end));
  return { selectionSet: set, pieces };
}

/** One part of a request for entities, and which of its variables are its own rather than the client's. */
export type EntityPart = {
  readonly operation: FetchOperation;
  readonly ownVariables: ReadonlySet<string>;
};

/** The name under which a part's answer comes. */
export function partAlias(part: number): string {
  return `_${part}`;
}

/** A part's own variable in a request of several. */
export function partVariable(name: string, part: number): string {
  return `${name}_${part}`;
}

/** One operation for several parts; their answers come under `partAlias`. */
export function combinedOperation(parts: readonly EntityPart[]): string {
  const definitions = new Map<string, string>();
  const fields = parts.map(({ operation, ownVariables }, index) => {
    const renamed = (name: string): string =>
      ownVariables.has(name) ? partVariable(name, index) : name;
    for (const [name, type] of operation.variables) definitions.set(renamed(name), type);
    const selection = (operation.entities?.pieces ?? [])
      .map((piece, i) => (i % 2 === 0 ? piece : `$${renamed(piece)}`))
      .join('');
    return `${partAlias(index)}:${entitiesField}(representations:$${renamed(representations)})${selection}`;
  });
  const [first] = parts;
  const variables = [...definitions].map(([name, type]) => `$${name}:${type}`).join(' ');
  const { name = '', directives = '' } = first?.operation ?? {};
  return `query ${name}(${variables})${directives}{${fields.join(' ')}}`;
}
