/** Which fields a fetch of the stock executor would have filled: where the errors belong when it fails as a whole. */
import { Kind, parse, type FieldNode } from 'graphql';
import { selectedNames } from './execution/selected-fields.ts';
import { isRecord, type Variables } from './request.ts';

type Path = readonly (string | number)[];

/** So that a dead subgraph behind a long list does not make an answer of nothing but errors. */
const pathsMax = 100;

/**
 * The paths, relative to the subgraph's answer, of the fields that a fetch asks for.
 * @param query a fetch's operation, as the planner wrote it
 * @param variables with `representations` if entities are fetched
 */
export function fetchedFields(query: string, variables: Variables): readonly Path[] {
  const [operation] = parse(query, { noLocation: true }).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) return [];
  const representations = variables['representations'];
  const root = operation.selectionSet;
  if (!Array.isArray(representations)) {
    return selectedNames(root, variables).map((name) => [name]);
  }
  const entities = root.selections.find(
    (selection): selection is FieldNode =>
      selection.kind === Kind.FIELD && selection.name.value === '_entities',
  );
  if (!entities?.selectionSet) return [];
  const paths: Path[] = [];
  for (const [index, representation] of representations.entries()) {
    const type = isRecord(representation) ? representation['__typename'] : undefined;
    for (const name of selectedNames(entities.selectionSet, variables, type)) {
      if (paths.length === pathsMax) return paths;
      paths.push(['_entities', index, name]);
    }
  }
  return paths;
}
