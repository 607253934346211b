/** Where an operation asks for what its caller may not see: for refusing it as a whole. */
import {
  Kind,
  type FieldNode,
  type FragmentDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { isIncluded } from '../collected-fields.ts';
import type { Variables } from '../request.ts';

type Asked = {
  readonly denied: ReadonlySet<FieldNode>;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Coerced. */
  readonly variables: Variables;
};

/** Response names from the root, of denied fields that `@skip` and `@include` leave in. */
export function deniedPlaces(set: SelectionSetNode, asked: Asked): readonly (readonly string[])[] {
  const places = new Map<string, readonly string[]>();
  const enter = (selections: readonly SelectionNode[], path: readonly string[]): void => {
    for (const selection of selections) {
      if (!isIncluded(selection, asked.variables)) continue;
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = asked.fragments.get(selection.name.value);
        enter(fragment?.selectionSet.selections ?? [], path);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        enter(selection.selectionSet.selections, path);
      } else {
        const place = [...path, (selection.alias ?? selection.name).value];
        if (asked.denied.has(selection)) places.set(place.join('.'), place);
        else enter(selection.selectionSet?.selections ?? [], place);
      }
    }
  };
  enter(set.selections, []);
  return [...places.values()];
}
