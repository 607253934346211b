/**
 * What a fetch can bring, by its selections and the schema alone: the types of all objects that may be in it, and whether
 * anything of it is only for some.
 */
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import type { SchemaRights } from '../rights/schema-rights.ts';

export type FetchedTypes = {
  /** Names of object types, but for those of entities that the fetch is asked of. */
  readonly types: ReadonlySet<string>;
  /** Whether none of it is behind `@authenticated`, `@requiresScopes` or `@policy`. What is not understood is not open. */
  readonly isOpen: boolean;
};

export type FetchedTypesSource = {
  /** The supergraph's: types that clients do not see are in it, too. */
  readonly schema: GraphQLSchema;
  readonly rights: SchemaRights;
};

/** @param set of a query, or of what it asks of entities */
export function fetchedTypes(set: SelectionSetNode, source: FetchedTypesSource): FetchedTypes {
  const collection = new Collection(source);
  collection.take(set, source.schema.getQueryType() ?? undefined);
  return collection;
}

const entitiesField = '_entities';

class Collection implements FetchedTypes {
  readonly types = new Set<string>();
  isOpen = true;
  readonly #source: FetchedTypesSource;

  constructor(source: FetchedTypesSource) {
    this.#source = source;
  }

  /** @param parent undefined where only fragments can be: entities are of any type */
  take(set: SelectionSetNode, parent: GraphQLCompositeType | undefined): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value;
        this.take(selection.selectionSet, condition ? this.#entered(condition) : parent);
      } else if (selection.kind === Kind.FIELD) {
        this.#field(selection.name.value, selection.selectionSet, parent);
      } else this.isOpen = false;
    }
  }

  #entered(name: string): GraphQLCompositeType | undefined {
    const type = this.#source.schema.getType(name);
    if (isCompositeType(type)) {
      this.#guard(type);
      return type;
    }
    this.isOpen = false;
    return undefined;
  }

  #field(
    name: string,
    set: SelectionSetNode | undefined,
    parent: GraphQLCompositeType | undefined,
  ): void {
    if (name === '__typename') return;
    if (name === entitiesField) {
      if (set) this.take(set, undefined);
      return;
    }
    const field = parent && 'getFields' in parent ? parent.getFields()[name] : undefined;
    if (!parent || !field) {
      this.isOpen = false;
      return;
    }
    for (const type of this.#objectsOf(parent)) this.#demand(type, name);
    this.#demand(parent.name, name);
    const type = getNamedType(field.type);
    if (!isCompositeType(type)) return;
    this.#guard(type);
    for (const object of this.#objectsOf(type)) this.types.add(object);
    if (set) this.take(set, type);
  }

  #demand(type: string, field: string): void {
    if (this.#source.rights.ofField(type, field).length > 0) this.isOpen = false;
  }

  #guard(type: GraphQLCompositeType): void {
    const { rights } = this.#source;
    const names = [type.name, ...this.#objectsOf(type)];
    if (names.some((name) => rights.ofType(name).length > 0)) this.isOpen = false;
  }

  #objectsOf(type: GraphQLCompositeType): readonly string[] {
    if (isObjectType(type)) return [type.name];
    const { schema } = this.#source;
    return isAbstractType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : [];
  }
}
