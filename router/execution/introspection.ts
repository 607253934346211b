/** Introspection is answered from the schema that clients see, and kept: the answer does not change. */
import {
  executeSync,
  Kind,
  OperationTypeNode,
  visit,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { Variables } from '../request.ts';

export type Introspection = (
  field: readonly FieldNode[],
  operation: OperationDefinitionNode,
  variables: Variables,
) => string;

/** Makes the function that answers a `__schema` or `__type` field, given in all its selections, as JSON. */
export function createIntrospection(
  schema: GraphQLSchema,
  fragments: readonly FragmentDefinitionNode[],
): Introspection {
  const kept = new WeakMap<FieldNode, string>();
  return (field, operation, variables) => {
    const [first] = field;
    if (!first) return 'null';
    const known = kept.get(first);
    if (known !== undefined) return known;
    const used = usedVariables([...field, ...fragments]);
    const { data } = executeSync({
      schema,
      variableValues: variables,
      document: {
        kind: Kind.DOCUMENT,
        definitions: [
          {
            kind: Kind.OPERATION_DEFINITION,
            operation: OperationTypeNode.QUERY,
            variableDefinitions: (operation.variableDefinitions ?? []).filter(({ variable }) =>
              used.has(variable.name.value),
            ),
            selectionSet: { kind: Kind.SELECTION_SET, selections: field },
          },
          ...fragments,
        ],
      },
    });
    const text = JSON.stringify(data?.[first.alias?.value ?? first.name.value] ?? null);
    // With variables it is another answer each time.
    if (used.size === 0) kept.set(first, text);
    return text;
  };
}

function usedVariables(nodes: readonly (FieldNode | FragmentDefinitionNode)[]): Set<string> {
  const names = new Set<string>();
  for (const node of nodes) visit(node, { Variable: ({ name }) => void names.add(name.value) });
  return names;
}
