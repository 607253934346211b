/**
 * An operation as it is planned for given values of the variables in its `@skip` and `@include`: what they leave out is
 * gone, fragments are written out, and those that no object can satisfy are gone too. Plans for it are smaller, and
 * right where the planner is not: a fetch for two fields, one of them left out, would not get what the other requires.
 *
 * An operation with many such variables is planned once, as it is: there would be too many cases.
 */
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  Kind,
  visit,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Variables } from '../request.ts';

export type SpecialisedOperation = {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
};

const conditionsMax = 5;

/**
 * The variables in `@skip` and `@include` whose values an operation is planned for; undefined if they are too many.
 */
export function planningConditions(document: DocumentNode): readonly string[] | undefined {
  const names = new Set<string>();
  visit(document, {
    Directive: (directive) => {
      const condition = conditionOf(directive);
      if (condition?.kind === Kind.VARIABLE) names.add(condition.name.value);
    },
  });
  return names.size > conditionsMax ? undefined : [...names];
}

/** @param operation a valid one, whose fragments are in the document */
export function specialisedOperation(
  { document, operation }: SpecialisedOperation,
  schema: GraphQLSchema,
  variables: Variables,
): SpecialisedOperation {
  const type = schema.getRootType(operation.operation);
  if (!type) throw new Error(`the schema has no ${operation.operation}`);
  const specialising = new Specialising(document, schema, variables);
  const selectionSet = specialising.set(operation.selectionSet, type, new Set([type.name]));
  const specialised: OperationDefinitionNode = { ...operation, selectionSet };
  return {
    operation: specialised,
    document: { kind: Kind.DOCUMENT, definitions: [specialised] },
  };
}

type Types = ReadonlySet<string>;

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

class Specialising {
  readonly #schema: GraphQLSchema;
  readonly #variables: Variables;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #possible = new Map<string, Types>();

  constructor(document: DocumentNode, schema: GraphQLSchema, variables: Variables) {
    this.#schema = schema;
    this.#variables = variables;
    this.#fragments = new Map(
      document.definitions
        .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
        .map((node) => [node.name.value, node]),
    );
  }

  /** @param possible names of the objects that may be here: fewer than the type's inside of fragments */
  set(set: SelectionSetNode, type: GraphQLCompositeType, possible: Types): SelectionSetNode {
    const selections = this.#selections(set, type, possible);
    // Nothing is left, and a selection must have something: this costs nothing.
    return { ...set, selections: selections.length > 0 ? selections : [typename] };
  }

  #selections(
    set: SelectionSetNode,
    type: GraphQLCompositeType,
    possible: Types,
  ): readonly SelectionNode[] {
    return set.selections.flatMap((selection) => {
      if (!isIncluded(selection.directives ?? [], this.#variables)) return [];
      if (selection.kind === Kind.FIELD) {
        return isIntrospection(selection) ? [] : [this.#field(selection, type)];
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT
          ? selection
          : this.#fragments.get(selection.name.value);
      return fragment ? this.#fragment(fragment, type, possible) : [];
    });
  }

  #field(field: FieldNode, parent: GraphQLCompositeType): FieldNode {
    const directives = (field.directives ?? []).filter((directive) => !conditionOf(directive));
    const definition = 'getFields' in parent ? parent.getFields()[field.name.value] : undefined;
    const type = definition && getNamedType(definition.type);
    return {
      ...field,
      directives,
      ...(field.selectionSet && isCompositeType(type)
        ? { selectionSet: this.set(field.selectionSet, type, this.#possibleTypes(type)) }
        : {}),
    };
  }

  #fragment(
    fragment: Pick<FragmentDefinitionNode, 'selectionSet'> & {
      readonly typeCondition?: FragmentDefinitionNode['typeCondition'] | undefined;
    },
    parent: GraphQLCompositeType,
    possible: Types,
  ): readonly SelectionNode[] {
    const named = fragment.typeCondition && this.#schema.getType(fragment.typeCondition.name.value);
    const condition = isCompositeType(named) ? named : parent;
    const satisfying = this.#possibleTypes(condition);
    const narrowed = new Set([...possible].filter((name) => satisfying.has(name)));
    if (narrowed.size === 0) return [];
    const selections = this.#selections(fragment.selectionSet, condition, narrowed);
    // A condition that every object here satisfies says nothing, if the fields can be asked for without it.
    const always = narrowed.size === possible.size && isLike(parent, condition, selections);
    if (always || selections.length === 0) return selections;
    return [
      {
        kind: Kind.INLINE_FRAGMENT,
        typeCondition: {
          kind: Kind.NAMED_TYPE,
          name: { kind: Kind.NAME, value: condition.name },
        },
        selectionSet: { kind: Kind.SELECTION_SET, selections },
      },
    ];
  }

  #possibleTypes(type: GraphQLCompositeType): Types {
    const known = this.#possible.get(type.name);
    if (known) return known;
    const objects = isAbstractType(type) ? this.#schema.getPossibleTypes(type) : [type];
    const names = new Set(objects.map(({ name }) => name));
    this.#possible.set(type.name, names);
    return names;
  }
}

/** Whether these selections of one type mean the same in another. */
function isLike(
  other: GraphQLCompositeType,
  type: GraphQLCompositeType,
  selections: readonly SelectionNode[],
): boolean {
  if (other === type) return true;
  const [fields, others] = [type, other].map((one) => ('getFields' in one ? one.getFields() : {}));
  return selections.every((selection) => {
    if (selection.kind !== Kind.FIELD || selection.name.value === '__typename') return true;
    const [field, same] = [fields?.[selection.name.value], others?.[selection.name.value]];
    return (
      field !== undefined &&
      same !== undefined &&
      String(field.type) === String(same.type) &&
      field.args.every(({ name }) => same.args.some((argument) => argument.name === name))
    );
  });
}

/** What the router answers itself, and no plan has. */
function isIntrospection({ name }: FieldNode): boolean {
  return name.value === '__schema' || name.value === '__type';
}

function isIncluded(directives: readonly DirectiveNode[], variables: Variables): boolean {
  return directives.every((directive) => {
    const condition = conditionOf(directive);
    if (!condition) return true;
    const value =
      condition.kind === Kind.VARIABLE ? variables[condition.name.value] : condition.value;
    return (value === true) === (directive.name.value === 'include');
  });
}

/** The condition of a `@skip` or `@include`. */
function conditionOf({ name, arguments: given }: DirectiveNode) {
  if (name.value !== 'skip' && name.value !== 'include') return undefined;
  const value = given?.find((argument) => argument.name.value === 'if')?.value;
  return value?.kind === Kind.VARIABLE || value?.kind === Kind.BOOLEAN ? value : undefined;
}
