/** Which subgraph was to bring a field of the response, by its path: to name it when what came has the wrong form. */
import { Kind, type SelectionSetNode } from 'graphql';
import type { ResponsePath } from './entity-targets.ts';
import type { PreparedPlan } from './prepared-plan.ts';

export function serviceOf(path: ResponsePath, { fetches }: PreparedPlan): string | undefined {
  const names = path.filter((element) => typeof element === 'string');
  return fetches.find((fetch) => {
    const above = fetch.path.filter((element) => element !== '@');
    const set = fetch.operation.entities?.selectionSet ?? fetch.operation.selectionSet;
    return (
      above.length < names.length &&
      above.every((name, i) => name === names[i]) &&
      selects(set, names.slice(above.length))
    );
  })?.service;
}

function selects(set: SelectionSetNode | undefined, names: readonly string[]): boolean {
  const [first, ...rest] = names;
  if (first === undefined) return true;
  return (set?.selections ?? []).some((selection) => {
    if (selection.kind === Kind.INLINE_FRAGMENT) return selects(selection.selectionSet, names);
    if (selection.kind === Kind.FRAGMENT_SPREAD) return false;
    return (
      (selection.alias?.value ?? selection.name.value) === first &&
      selects(selection.selectionSet, rest)
    );
  });
}
