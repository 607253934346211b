/** A fetch whose operation was cut down: variables that nothing in it uses any more would make it invalid. */
import type { FetchNode } from '@apollo/query-planner';
import { print, stripIgnoredCharacters, visit, type DocumentNode } from 'graphql';

export function withUsedVariables(fetch: FetchNode, document: DocumentNode): FetchNode {
  const used = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: (node) => void used.add(node.name.value),
  });
  const operation = visit(document, {
    VariableDefinition: (node) => (used.has(node.variable.name.value) ? false : null),
  });
  return {
    ...fetch,
    operation: stripIgnoredCharacters(print(operation)),
    variableUsages: (fetch.variableUsages ?? []).filter((name) => used.has(name)),
  };
}
