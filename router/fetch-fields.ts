/** Which fields a fetch would have filled: where the errors belong when it fails as a whole. */
import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  parse,
  type FieldNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
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
    return names(root, variables).map((name) => [name]);
  }
  const entities = root.selections.find(
    (selection): selection is FieldNode =>
      selection.kind === Kind.FIELD && selection.name.value === '_entities',
  );
  if (!entities?.selectionSet) return [];
  const paths: Path[] = [];
  for (const [index, representation] of representations.entries()) {
    const type = isRecord(representation) ? representation['__typename'] : undefined;
    for (const name of names(ofType(entities.selectionSet, type), variables)) {
      if (paths.length === pathsMax) return paths;
      paths.push(['_entities', index, name]);
    }
  }
  return paths;
}

/** The fragments for one type; all of them if none names it, as with an interface's. */
function ofType(set: SelectionSetNode, type: unknown): SelectionSetNode {
  const own = set.selections.filter(
    (selection) =>
      selection.kind === Kind.INLINE_FRAGMENT && selection.typeCondition?.name.value === type,
  );
  return own.length > 0 ? { ...set, selections: own } : set;
}

function names(set: SelectionSetNode, variables: Variables): readonly string[] {
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
  collect(set.selections);
  return [...found];
}

function included(selection: SelectionNode, variables: Variables): boolean {
  return (
    getDirectiveValues(GraphQLSkipDirective, selection, variables)?.['if'] !== true &&
    getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.['if'] !== false
  );
}
