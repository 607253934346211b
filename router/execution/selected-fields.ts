/** Which fields a selection would have filled: where the errors belong when a fetch fails as a whole. */
import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Variables } from '../request.ts';

/**
 * The response names that a selection fills.
 * @param type of the object it is for; only its fragments count, unless none names it
 */
export function selectedNames(
  set: SelectionSetNode,
  variables: Variables,
  type?: unknown,
): readonly string[] {
  const found = new Set<string>();
  const collect = (selections: readonly SelectionNode[]): void => {
    for (const selection of selections) {
      if (!included(selection, variables)) continue;
      if (selection.kind === Kind.FIELD && selection.name.value !== '__typename') {
        found.add(selection.alias?.value ?? selection.name.value);
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet.selections);
    }
  };
  collect(type === undefined ? set.selections : ofType(set, type));
  return [...found];
}

/** The fragments for one type; all of them if none names it, as with an interface's. */
function ofType(set: SelectionSetNode, type: unknown): readonly SelectionNode[] {
  const fragments = set.selections.filter(
    (selection) =>
      selection.kind === Kind.INLINE_FRAGMENT && selection.typeCondition?.name.value === type,
  );
  return fragments.length > 0 ? fragments : set.selections;
}

function included(selection: SelectionNode, variables: Variables): boolean {
  return (
    getDirectiveValues(GraphQLSkipDirective, selection, variables)?.['if'] !== true &&
    getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.['if'] !== false
  );
}
