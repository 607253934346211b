/** The response shapes of one operation, one for each way its `@skip` and `@include` can fall out. */
import {
  Kind,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
} from 'graphql';
import { BoundedCache } from '../bounded-cache.ts';
import type { Variables } from '../request.ts';
import { ObjectShape, type ShapeSource } from './response-shape.ts';

export type OperationShape = {
  /** The shape for these values; only those of `@skip` and `@include` count. */
  for(variables: Variables): ObjectShape;
};

/** How many combinations of a client's choosing are kept, for one operation. */
const keptMax = 32;

export function operationShape(
  operation: OperationDefinitionNode,
  document: DocumentNode,
  { schema, hidden }: Pick<ShapeSource, 'schema' | 'hidden'>,
): OperationShape {
  const type = schema.getRootType(operation.operation);
  if (!type) throw new Error(`the schema has no ${operation.operation}`);
  const fragments = new Map(
    document.definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((node) => [node.name.value, node]),
  );
  const build = (variables: Variables): ObjectShape =>
    new ObjectShape(type, [operation.selectionSet], { schema, fragments, variables, hidden });
  const conditions = conditionVariables(document);
  if (conditions.length === 0) {
    const only = build({});
    return { for: () => only };
  }
  const kept = new BoundedCache<ObjectShape>(keptMax, keptMax * conditions.length);
  return {
    for(variables) {
      const key = conditions.map((name) => (variables[name] === true ? '1' : '0')).join('');
      const known = kept.get(key);
      if (known) return known;
      const shape = build(Object.fromEntries(conditions.map((name) => [name, variables[name]])));
      kept.set(key, shape);
      return shape;
    },
  };
}

function conditionVariables(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  visit(document, {
    Directive: ({ name, arguments: given = [] }) => {
      if (name.value !== 'skip' && name.value !== 'include') return;
      for (const { value } of given) {
        if (value.kind === Kind.VARIABLE) names.add(value.name.value);
      }
    },
  });
  return [...names];
}
