/**
 * Takes out of a fetch what its subgraph does not know: fragments on types that it does not have, or not there. No object
 * that it answers with could satisfy them. Plans have such fragments where planning was told of more than there is
 * (`whole-unions.ts`).
 */
import type { Subgraphs } from '@apollo/federation-internals';
import type { FetchNode } from '@apollo/query-planner';
import {
  doTypesOverlap,
  isCompositeType,
  Kind,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type FieldNode,
  type GraphQLSchema,
} from 'graphql';
import { withUsedVariables } from './used-variables.ts';

/** The schemas that fetches have to be cut down to, by the subgraphs' names. */
export type OwnSchemas = ReadonlyMap<string, GraphQLSchema>;

export function ownSchemas(subgraphs: Subgraphs, names: ReadonlySet<string>): OwnSchemas {
  return new Map(
    subgraphs
      .values()
      .filter(({ name }) => names.has(name))
      .map(({ name, schema }) => [name, schema.toGraphQLJSSchema()]),
  );
}

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

export function withoutForeignFragments(fetch: FetchNode, schemas: OwnSchemas): FetchNode {
  const schema = schemas.get(fetch.serviceName);
  if (!schema) return fetch;
  const types = new TypeInfo(schema);
  const document = parse(fetch.operation, { noLocation: true });
  const own = visit(
    document,
    visitWithTypeInfo(types, {
      InlineFragment(node) {
        if (!node.typeCondition) return undefined;
        const [type, parent] = [
          schema.getType(node.typeCondition.name.value),
          types.getParentType(),
        ];
        if (!isCompositeType(type)) return null;
        return !parent || doTypesOverlap(schema, parent, type) ? undefined : null;
      },
      SelectionSet: {
        leave: (node) =>
          node.selections.length === 0 ? { ...node, selections: [typename] } : undefined,
      },
    }),
  );
  return own === document ? fetch : withUsedVariables(fetch, own);
}
