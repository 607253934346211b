/** A plan that fetches nothing for an operation that asks for something would answer null as if that were the truth. */
import { Kind, type DocumentNode, type SelectionSetNode } from 'graphql';

/** Whether a root field must come from a subgraph: not introspection, and not left out by a condition. */
export function asksForData(set: SelectionSetNode, document: DocumentNode): boolean {
  return set.selections.some((selection) => {
    if ((selection.directives ?? []).length > 0) return false;
    if (selection.kind === Kind.FIELD) return !selection.name.value.startsWith('__');
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      return asksForData(selection.selectionSet, document);
    }
    const fragment = document.definitions.find(
      (definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION &&
        definition.name.value === selection.name.value,
    );
    return (
      fragment?.kind === Kind.FRAGMENT_DEFINITION && asksForData(fragment.selectionSet, document)
    );
  });
}
