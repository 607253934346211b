/**
 * The shape of an operation's response: its selections merged and its fragments written out for each type that an
 * object may turn out to have, once, at first sight of that type. It depends on the operation and on the values of the
 * variables in `@skip` and `@include`, and is kept for both.
 */
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  Kind,
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import type { Variables } from '../request.ts';
import type { HiddenValues } from './hidden-values.ts';
import { isInherited } from './json.ts';

export type FieldShape = {
  readonly name: string;
  /** `"name":`, after a comma or the object's brace. */
  readonly key: string;
  /** Of the object the field belongs to, and the field's own name: for messages. */
  readonly coordinate: string;
  /** As the client wrote it, once or several times. */
  readonly nodes: readonly FieldNode[];
  /** Objects have something of this name anyway: only an own property counts. */
  readonly inherited: boolean;
  /** The value as JSON where the type alone tells it: `__typename`. */
  readonly constant: string | undefined;
  /** Introspection is answered by the router itself. */
  readonly introspection: boolean;
  readonly type: TypeShape;
};

export type TypeShape =
  | { readonly kind: 'leaf'; readonly nonNull: boolean; readonly leaf: LeafKind }
  | { readonly kind: 'list'; readonly nonNull: boolean; readonly item: TypeShape }
  | { readonly kind: 'object'; readonly nonNull: boolean; readonly object: ObjectShape };

export type LeafKind =
  | { readonly kind: 'Int' | 'Float' | 'String' | 'Boolean' | 'ID' | 'custom' }
  | {
      readonly kind: 'enum';
      readonly values: ReadonlySet<string>;
      /** Values of the enum that clients do not know. */
      readonly hidden: ReadonlySet<string>;
    };

export type ShapeSource = {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Variables;
  readonly hidden: HiddenValues;
};

const unknownLeaf: TypeShape = { kind: 'leaf', nonNull: false, leaf: { kind: 'custom' } };

export class ObjectShape {
  readonly #source: ShapeSource;
  readonly #type: GraphQLCompositeType;
  readonly #selections: readonly SelectionSetNode[];
  readonly #fields = new Map<string, readonly FieldShape[] | undefined>();
  readonly #static: readonly FieldShape[] | undefined;

  constructor(
    type: GraphQLCompositeType,
    selections: readonly SelectionSetNode[],
    source: ShapeSource,
  ) {
    this.#type = type;
    this.#selections = selections;
    this.#source = source;
    // An object type is what the schema says, whatever the data calls it.
    if (isObjectType(type)) this.#static = this.#fieldsOf(type);
  }

  get typeName(): string {
    return this.#type.name;
  }

  /** The fields of an object that calls itself `typename`; undefined if clients know no such type. */
  fieldsFor(typename: unknown): readonly FieldShape[] | undefined {
    if (this.#static) return this.#static;
    const name = typename === undefined || typename === null ? this.#type.name : typename;
    if (typeof name !== 'string') return undefined;
    if (this.#fields.has(name)) return this.#fields.get(name);
    const type = this.#source.schema.getType(name);
    // Names of unknown types come from subgraphs, without bound.
    if (!isCompositeType(type)) return undefined;
    const fields = this.#fieldsOf(type);
    this.#fields.set(name, fields);
    return fields;
  }

  /** Whether clients are not to see an object that calls itself `typename`. */
  hides(typename: unknown): boolean {
    return this.#source.hidden.isHiddenObject(typename, this.#type.name);
  }

  /** All types' fields of this response name. */
  fieldsNamed(name: string): readonly FieldShape[] {
    const { schema } = this.#source;
    const types = isObjectType(this.#type)
      ? [this.#type]
      : [this.#type, ...schema.getPossibleTypes(this.#type)];
    return types
      .flatMap((type) => this.fieldsFor(type.name) ?? [])
      .filter((field) => field.name === name);
  }

  #fieldsOf(type: GraphQLCompositeType): readonly FieldShape[] {
    const collected: Collected = new Map();
    for (const set of this.#selections)
      collectFields(set, { type, scope: type }, this.#source, collected);
    let begin = '{';
    return [...collected].map(([name, { nodes, scope }]) => {
      const key = `${begin}${JSON.stringify(name)}:`;
      begin = ',';
      return fieldShape(name, key, { type, scope, nodes, source: this.#source });
    });
  }
}

export /** Fields by response name, and the type whose field the first of them is. */
type Collected = Map<string, { readonly nodes: FieldNode[]; readonly scope: GraphQLCompositeType }>;

/** @param place the type of the object, and that of the fragment that the selections are in */
function collectFields(
  set: SelectionSetNode,
  place: { readonly type: GraphQLCompositeType; readonly scope: GraphQLCompositeType },
  source: ShapeSource,
  collected: Collected,
): void {
  for (const selection of set.selections) {
    if (!isIncluded(selection.directives ?? [], source.variables)) continue;
    if (selection.kind === Kind.FIELD) {
      const name = selection.alias?.value ?? selection.name.value;
      const known = collected.get(name);
      if (known) known.nodes.push(selection);
      else collected.set(name, { nodes: [selection], scope: place.scope });
      continue;
    }
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT
        ? selection
        : source.fragments.get(selection.name.value);
    const condition = fragment?.typeCondition?.name.value;
    if (!fragment || !applies(condition, place.type, source.schema)) continue;
    const named = condition === undefined ? place.scope : source.schema.getType(condition);
    const scope = isCompositeType(named) ? named : place.scope;
    collectFields(fragment.selectionSet, { ...place, scope }, source, collected);
  }
}

/** For a type that is not an object, whether the condition holds whatever object it turns out to be. */
function applies(
  condition: string | undefined,
  type: GraphQLCompositeType,
  schema: GraphQLSchema,
): boolean {
  if (condition === undefined || condition === type.name) return true;
  const conditional = schema.getType(condition);
  if (!isCompositeType(conditional)) return false;
  const objects = isObjectType(type) ? [type] : schema.getPossibleTypes(type);
  return objects.every(
    (object) =>
      object === conditional ||
      (isAbstractType(conditional) && schema.isSubType(conditional, object)),
  );
}

function isIncluded(directives: readonly DirectiveNode[], variables: Variables): boolean {
  return directives.every(({ name, arguments: given }) => {
    if (name.value !== 'skip' && name.value !== 'include') return true;
    const value = given?.find((argument) => argument.name.value === 'if')?.value;
    const condition =
      value?.kind === Kind.VARIABLE
        ? variables[value.name.value] === true
        : value?.kind === Kind.BOOLEAN && value.value;
    return condition === (name.value === 'include');
  });
}

type FieldSource = {
  readonly type: GraphQLCompositeType;
  readonly scope: GraphQLCompositeType;
  readonly nodes: readonly FieldNode[];
  readonly source: ShapeSource;
};

function fieldShape(name: string, key: string, from: FieldSource): FieldShape {
  const { type, scope, nodes, source } = from;
  const field = nodes[0]?.name.value ?? name;
  const base = {
    name,
    key,
    coordinate: `${type.name}.${field}`,
    inherited: isInherited(name),
    constant: undefined,
    introspection: false,
    nodes,
    type: unknownLeaf,
  };
  if (field === '__typename') {
    if (isObjectType(type)) return { ...base, constant: JSON.stringify(type.name) };
    // The data did not say which object it is; perhaps it does under the client's own name for it.
    const values = new Set(source.schema.getPossibleTypes(type).map(({ name: object }) => object));
    return {
      ...base,
      type: { kind: 'leaf', nonNull: true, leaf: { kind: 'enum', values, hidden: new Set() } },
    };
  }
  if (field.startsWith('__')) return { ...base, introspection: true };
  const definition = fieldOf(type, field) ?? fieldOf(scope, field);
  if (!definition) throw new Error(`no field ${type.name}.${field}: the operation is not valid`);
  const selections = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  return { ...base, type: typeShape(definition.type, selections, source) };
}

function fieldOf(type: GraphQLCompositeType, name: string) {
  return 'getFields' in type ? type.getFields()[name] : undefined;
}

function typeShape(
  type: GraphQLOutputType,
  selections: readonly SelectionSetNode[],
  source: ShapeSource,
): TypeShape {
  if (isNonNullType(type)) return { ...typeShape(type.ofType, selections, source), nonNull: true };
  if (isListType(type)) {
    return { kind: 'list', nonNull: false, item: typeShape(type.ofType, selections, source) };
  }
  const named = getNamedType(type);
  if (isLeafType(named))
    return { kind: 'leaf', nonNull: false, leaf: leafKind(named, source.hidden) };
  return {
    kind: 'object',
    nonNull: false,
    object: new ObjectShape(named, selections, source),
  };
}

function leafKind(type: GraphQLLeafType, hidden: HiddenValues): LeafKind {
  if (isEnumType(type)) {
    return {
      kind: 'enum',
      values: new Set(type.getValues().map(({ name }) => name)),
      hidden: hidden.enumValues(type.name),
    };
  }
  if (!isSpecifiedScalarType(type)) return { kind: 'custom' };
  switch (type.name) {
    case 'Int':
    case 'Float':
    case 'String':
    case 'Boolean':
    case 'ID':
      return { kind: type.name };
    default:
      return { kind: 'custom' };
  }
}
