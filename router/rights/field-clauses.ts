/**
 * What each field of a document demands. Where an object may turn out to be of several types, a field demands what it
 * does of any of them: who may see it on some only asks for it within a fragment on those.
 */
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { clauseKey, type Clause } from './clauses.ts';
import type { SchemaRights } from './schema-rights.ts';

/** Fields that demand nothing are left out. */
export type FieldClauses = ReadonlyMap<FieldNode, readonly Clause[]>;

/** Looks at each selection of a valid operation once, at fragments under their own type condition. */
export function fieldClauses(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  parts: { readonly schema: GraphQLSchema; readonly rights: SchemaRights },
): FieldClauses {
  const reading = new Reading(document, parts.schema, parts.rights);
  const type = parts.schema.getRootType(operation.operation);
  if (type) reading.set(operation.selectionSet, { type, possible: [type] });
  return reading.clauses;
}

/** A type as the document has it, and what an object may be there. */
type Place = {
  readonly type: GraphQLCompositeType;
  readonly possible: readonly GraphQLObjectType[];
};

class Reading {
  readonly clauses = new Map<FieldNode, readonly Clause[]>();
  readonly #schema: GraphQLSchema;
  readonly #rights: SchemaRights;
  /** Those not yet looked at. */
  readonly #fragments = new Map<string, FragmentDefinitionNode>();

  constructor(document: DocumentNode, schema: GraphQLSchema, rights: SchemaRights) {
    this.#schema = schema;
    this.#rights = rights;
    for (const node of document.definitions) {
      if (node.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(node.name.value, node);
    }
  }

  set(set: SelectionSetNode, place: Place): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) this.#field(selection, place);
      if (selection.kind === Kind.FRAGMENT_SPREAD) this.#spread(selection.name.value);
      if (selection.kind !== Kind.INLINE_FRAGMENT) continue;
      const condition = selection.typeCondition?.name.value;
      const type = condition === undefined ? place.type : this.#schema.getType(condition);
      if (!isCompositeType(type)) continue;
      const own = new Set(possibleTypes(type, this.#schema));
      const possible = place.possible.filter((one) => own.has(one));
      this.set(selection.selectionSet, { type, possible });
    }
  }

  #spread(name: string): void {
    const fragment = this.#fragments.get(name);
    this.#fragments.delete(name);
    if (!fragment) return;
    const type = this.#schema.getType(fragment.typeCondition.name.value);
    if (!isCompositeType(type)) return;
    this.set(fragment.selectionSet, { type, possible: possibleTypes(type, this.#schema) });
  }

  #field(field: FieldNode, place: Place): void {
    const name = field.name.value;
    const definition = 'getFields' in place.type ? place.type.getFields()[name] : undefined;
    // Meta fields demand nothing, and neither does what a union's selections begin with.
    if (!definition) return;
    const returned = getNamedType(definition.type);
    const demanded = [
      ...this.#rights.ofType(returned.name),
      ...[place.type, ...place.possible].flatMap((type) => [
        ...this.#rights.ofType(type.name),
        ...this.#rights.ofField(type.name, name),
      ]),
    ];
    if (demanded.length > 0) {
      const distinct = new Map(demanded.map((clause) => [clauseKey(clause), clause]));
      this.clauses.set(field, [...distinct.values()]);
    }
    if (!field.selectionSet || !isCompositeType(returned)) return;
    this.set(field.selectionSet, {
      type: returned,
      possible: possibleTypes(returned, this.#schema),
    });
  }
}

function possibleTypes(
  type: GraphQLCompositeType,
  schema: GraphQLSchema,
): readonly GraphQLObjectType[] {
  if (isObjectType(type)) return [type];
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [];
}
