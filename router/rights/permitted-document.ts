/**
 * An operation without the fields that its caller may not see. It is what is planned and executed, so no subgraph is
 * asked for them; the answer gets the shape of the client's own document afterwards. Where fields are missing, the type
 * of an object that may be of several is asked for besides, under a name that the client does not use.
 */
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  Kind,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

export type PermittedDocument = {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** The client's fields that are not there, or that have such a one below them. */
  readonly affected: ReadonlySet<FieldNode>;
};

export type Removal = {
  readonly schema: GraphQLSchema;
  readonly denied: ReadonlySet<FieldNode>;
  /** The response name for an object's type. */
  readonly typeName: string;
};

/** Removes the denied fields from a valid operation. Definitions that it does not need are left out. */
export function permittedDocument(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  removal: Removal,
): PermittedDocument {
  const root = removal.schema.getRootType(operation.operation);
  if (!root) throw new Error(`the schema has no ${operation.operation}`);
  const removing = new Removing(document, removal);
  const { selections } = removing.set(operation.selectionSet, root);
  const permitted: OperationDefinitionNode = {
    ...operation,
    selectionSet: setOf(selections.length > 0 ? selections : [typeField(removal.typeName)]),
  };
  const definitions = [permitted, ...removing.fragmentsOf(permitted)];
  return {
    document: { ...document, definitions },
    operation: permitted,
    affected: removing.affected,
  };
}

/** A response name that no field of the document has. */
export function unusedName(document: DocumentNode, wanted: string): string {
  const names = new Set<string>();
  visit(document, { Field: ({ alias, name }) => void names.add((alias ?? name).value) });
  let name = wanted;
  for (let i = 1; names.has(name); i += 1) name = `${wanted}${i}`;
  return name;
}

type Remaining = { readonly selections: readonly SelectionNode[]; readonly changed: boolean };
type RemainingFragment = Remaining & { readonly definition: FragmentDefinitionNode };

class Removing {
  readonly affected = new Set<FieldNode>();
  readonly #removal: Removal;
  readonly #definitions = new Map<string, FragmentDefinitionNode>();
  readonly #fragments = new Map<string, RemainingFragment>();

  constructor(document: DocumentNode, removal: Removal) {
    this.#removal = removal;
    for (const node of document.definitions) {
      if (node.kind === Kind.FRAGMENT_DEFINITION) this.#definitions.set(node.name.value, node);
    }
  }

  set(set: SelectionSetNode, type: GraphQLCompositeType): Remaining {
    let changed = false;
    const selections = set.selections.flatMap((selection) => {
      const remaining = this.#selection(selection, type);
      changed ||= remaining.changed;
      return remaining.selections;
    });
    return { selections, changed };
  }

  /** The remaining definitions of the fragments that a definition spreads, directly or not. */
  fragmentsOf(
    definition: OperationDefinitionNode | FragmentDefinitionNode,
    found = new Map<string, FragmentDefinitionNode>(),
  ): readonly FragmentDefinitionNode[] {
    visit(definition, {
      FragmentSpread: ({ name }) => {
        const fragment = this.#fragments.get(name.value)?.definition;
        if (!fragment || found.has(name.value)) return;
        found.set(name.value, fragment);
        this.fragmentsOf(fragment, found);
      },
    });
    return [...found.values()];
  }

  #selection(selection: SelectionNode, type: GraphQLCompositeType): Remaining {
    switch (selection.kind) {
      case Kind.FIELD:
        return this.#field(selection, type);
      case Kind.FRAGMENT_SPREAD: {
        const { selections, changed } = this.#fragment(selection.name.value);
        return { selections: selections.length > 0 ? [selection] : [], changed };
      }
      case Kind.INLINE_FRAGMENT: {
        const condition = selection.typeCondition?.name.value;
        const inner = this.set(selection.selectionSet, this.#composite(condition) ?? type);
        if (!inner.changed) return { selections: [selection], changed: false };
        const selectionSet = setOf(inner.selections);
        return {
          selections: inner.selections.length > 0 ? [{ ...selection, selectionSet }] : [],
          changed: true,
        };
      }
    }
  }

  #field(field: FieldNode, parent: GraphQLCompositeType): Remaining {
    const { denied, typeName } = this.#removal;
    if (denied.has(field)) {
      this.affected.add(field);
      return { selections: [], changed: true };
    }
    const definition = 'getFields' in parent ? parent.getFields()[field.name.value] : undefined;
    const type = definition && getNamedType(definition.type);
    const unchanged = { selections: [field], changed: false };
    if (!field.selectionSet || !isCompositeType(type)) return unchanged;
    const { selections, changed } = this.set(field.selectionSet, type);
    if (!changed) return unchanged;
    this.affected.add(field);
    const asked = isAbstractType(type) || selections.length === 0;
    const selectionSet = setOf(asked ? [...selections, typeField(typeName)] : selections);
    return { selections: [{ ...field, selectionSet }], changed: true };
  }

  #fragment(name: string): Remaining {
    const known = this.#fragments.get(name);
    if (known) return known;
    const definition = this.#definitions.get(name);
    const type = this.#composite(definition?.typeCondition.name.value);
    if (!definition || !type) return { selections: [], changed: false };
    const remaining = this.set(definition.selectionSet, type);
    const selectionSet = setOf(remaining.selections);
    const kept = remaining.changed ? { ...definition, selectionSet } : definition;
    this.#fragments.set(name, { ...remaining, definition: kept });
    return remaining;
  }

  #composite(name: string | undefined): GraphQLCompositeType | undefined {
    const type = name === undefined ? undefined : this.#removal.schema.getType(name);
    return isCompositeType(type) ? type : undefined;
  }
}

function setOf(selections: readonly SelectionNode[]): SelectionSetNode {
  return { kind: Kind.SELECTION_SET, selections };
}

function typeField(responseName: string): FieldNode {
  return {
    kind: Kind.FIELD,
    alias: { kind: Kind.NAME, value: responseName },
    name: { kind: Kind.NAME, value: '__typename' },
  };
}
