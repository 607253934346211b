/** The part of an entity fetch that asks for these fields of its entities only. */
import type { FetchNode } from '@apollo/query-planner';
import { Kind, visit, type DocumentNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { withUsedVariables } from './used-variables.ts';

export type EntityField = {
  /** Of its own among the fields of one fetch. */
  readonly key: string;
  readonly type: string;
  readonly field: string;
};

/** The fields that a fetch asks of its entities. */
export function entityFields(document: DocumentNode): readonly EntityField[] {
  const found = new Map<string, EntityField>();
  onlyFields(document, (field) => {
    found.set(field.key, field);
    return true;
  });
  return [...found.values()];
}

/** The fetch with only those of the entities' fields that are to be kept, and with the variables they use. */
export function partialFetch(
  fetch: FetchNode,
  document: DocumentNode,
  keep: (field: EntityField) => boolean,
): FetchNode {
  return withUsedVariables(fetch, onlyFields(document, keep));
}

function onlyFields(document: DocumentNode, keep: (field: EntityField) => boolean): DocumentNode {
  const kept = (set: SelectionSetNode, type: string): SelectionSetNode => ({
    ...set,
    selections: set.selections.flatMap((selection): SelectionNode[] => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return [selection];
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const name = selection.typeCondition?.name.value ?? type;
        const inner = kept(selection.selectionSet, name);
        return inner.selections.length > 0 ? [{ ...selection, selectionSet: inner }] : [];
      }
      const key = `${type}.${selection.alias?.value ?? selection.name.value}`;
      return keep({ key, type, field: selection.name.value }) ? [selection] : [];
    }),
  });
  return visit(document, {
    Field: (node) =>
      node.name.value === '_entities' && node.selectionSet
        ? { ...node, selectionSet: kept(node.selectionSet, '') }
        : false,
  });
}
