/** What one field of an object costs, apart from what its value is made of. */
import {
  getNamedType,
  isCompositeType,
  isListType,
  isNonNullType,
  Kind,
  type FieldNode,
  type GraphQLNamedOutputType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import type { Variables } from '../request.ts';
import { argumentValues, type ArgumentValue, type InputCosts } from './argument-cost.ts';
import { listLength } from './list-length.ts';
import type { SchemaCosts } from './schema-costs.ts';

export type CostRules = {
  readonly schema: GraphQLSchema;
  readonly costs: SchemaCosts;
  readonly inputs: InputCosts;
  /** The length of a list of which nothing is known. */
  readonly listSizeAssumed: number;
};

export type FieldCost = {
  readonly name: string;
  /** Undefined for introspection, which the router answers by itself. */
  readonly type: GraphQLNamedOutputType | undefined;
  /** Of one call: the field's weight and its arguments', and that of a leaf's values. */
  own(variables: Variables): number;
  /** Lists inside one another. */
  readonly lists: number;
  /**
   * How long a list its `@listSize` makes of itself, or of the fields of its value that it names.
   * @throws BAD_USER_INPUT if its slicing arguments are not as it wants them
   */
  length(variables: Variables): number | undefined;
  readonly sizedFields: readonly string[];
  /** Whether it is the same for all variables. */
  readonly constant: boolean;
};

/** A field selected by `node` on an object of a type. */
export function fieldCost(typeName: string, node: FieldNode, rules: CostRules): FieldCost {
  const { schema, costs } = rules;
  const name = node.name.value;
  const parent = schema.getType(typeName);
  const field = parent && 'getFields' in parent ? parent.getFields()[name] : undefined;
  if (!field || !('args' in field)) return introspectionCost(node);
  const type = getNamedType(field.type);
  const coordinate = `${typeName}.${name}`;
  const values = argumentValues(node, field);
  const size = costs.listSizes.get(coordinate);
  const ofArguments = argumentsCost(coordinate, values, rules.inputs);
  const slicing = new Set(size?.slicingArguments.map((path) => path.split('.', 1)[0]));
  const cost = {
    name,
    type,
    lists: listsIn(field.type),
    length: (variables: Variables) => size && listLength(size, name, { values, variables }),
    sizedFields: size?.sizedFields ?? [],
    constant:
      ofArguments.constant &&
      values.every((value) => value.constant || !slicing.has(value.definition.name)),
  };
  const weight = costs.weights.get(coordinate) ?? (isCompositeType(type) ? 1 : 0);
  const leaf = isCompositeType(type) ? 0 : (costs.weights.get(type.name) ?? 0);
  const own = (variables: Variables): number => {
    const leaves = leaf === 0 ? 0 : leaf * lengthOf(cost, variables, rules);
    return weight + leaves + ofArguments.of(variables);
  };
  return { ...cost, own };
}

/**
 * How many values a field is expected to have.
 * @param sized the length that the field around it gives it
 */
export function lengthOf(
  field: Pick<FieldCost, 'lists' | 'length' | 'sizedFields'>,
  variables: Variables,
  {
    listSizeAssumed,
    sized,
  }: { readonly listSizeAssumed: number; readonly sized?: number | undefined },
): number {
  const own = field.sizedFields.length === 0 ? field.length(variables) : undefined;
  if (field.lists === 0) return 1;
  return (sized ?? own ?? listSizeAssumed) * listSizeAssumed ** (field.lists - 1);
}

type ArgumentsCost = { readonly constant: boolean; of(variables: Variables): number };

function argumentsCost(
  coordinate: string,
  values: readonly ArgumentValue[],
  inputs: InputCosts,
): ArgumentsCost {
  const costs = values
    .map(({ definition, ...rest }) => ({
      ...rest,
      type: definition.type,
      coordinate: `${coordinate}(${definition.name}:)`,
    }))
    .filter(({ coordinate: own, type }) => inputs.matters(own, type));
  const sumOf = (some: typeof costs, variables: Variables): number => {
    let sum = 0;
    for (const { isGiven, value, coordinate: own, type } of some) {
      // What the client did not write costs nothing.
      if (isGiven(variables)) sum += inputs.cost(value(variables), own, type);
    }
    return sum;
  };
  const constant = sumOf(
    costs.filter((cost) => cost.constant),
    {},
  );
  const varying = costs.filter((cost) => !cost.constant);
  return {
    constant: varying.length === 0,
    of: (variables) => constant + (varying.length === 0 ? 0 : sumOf(varying, variables)),
  };
}

/** As many fields as are selected; how many answers they have does not depend on the client. */
function introspectionCost(node: FieldNode): FieldCost {
  const name = node.name.value;
  const selected = name === '__typename' ? 0 : fieldsIn(node);
  return {
    name,
    type: undefined,
    own: () => selected,
    lists: 0,
    length: () => undefined,
    sizedFields: [],
    constant: true,
  };
}

function fieldsIn({ selectionSet }: Pick<FieldNode, 'selectionSet'>): number {
  let count = 1;
  for (const selection of selectionSet?.selections ?? []) {
    count += selection.kind === Kind.FRAGMENT_SPREAD ? 1 : fieldsIn(selection);
  }
  return count;
}

function listsIn(type: GraphQLOutputType): number {
  if (isNonNullType(type)) return listsIn(type.ofType);
  return isListType(type) ? 1 + listsIn(type.ofType) : 0;
}
