/** What the arguments of a field cost: each by its weight, input objects with all that is in them. */
import {
  getNamedType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  valueFromAST,
  visit,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type ValueNode,
} from 'graphql';
import { isRecord, type Variables } from '../request.ts';
import type { SchemaCosts } from './schema-costs.ts';

/** An argument's value with the client's variables, defaults included; undefined if there is none. */
export type ArgumentValue = {
  readonly definition: GraphQLArgument;
  /** Whether the client wrote it, rather than the schema. */
  isGiven(variables: Variables): boolean;
  value(variables: Variables): unknown;
  /** Whether it is the same for all variables. */
  readonly constant: boolean;
};

export function argumentValues(
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
): readonly ArgumentValue[] {
  return field.args.map((definition): ArgumentValue => {
    const given = node.arguments?.find(({ name }) => name.value === definition.name)?.value;
    const fallback: unknown = definition.defaultValue;
    if (!given) {
      return { definition, isGiven: () => false, value: () => fallback, constant: true };
    }
    const read = (variables: Variables): unknown => valueFromAST(given, definition.type, variables);
    if (!usesVariables(given)) {
      const value = read({});
      return { definition, isGiven: () => true, value: () => value, constant: true };
    }
    return {
      definition,
      isGiven: (variables) => read(variables) !== undefined,
      value: (variables) => read(variables) ?? fallback,
      constant: false,
    };
  });
}

/** The cost of an argument. `coordinate` is its own, `Type.field(argument:)`. */
export function argumentCost(
  argument: ArgumentValue,
  coordinate: string,
  { costs, variables }: { readonly costs: SchemaCosts; readonly variables: Variables },
): number {
  return inputCost(argument.value(variables), argument.definition.type, {
    costs,
    weight: costs.weights.get(coordinate),
  });
}

type Weighing = { readonly costs: SchemaCosts; readonly weight: number | undefined };

/** A list costs what its items do. */
function inputCost(value: unknown, type: GraphQLInputType, weighing: Weighing): number {
  if (value === undefined || value === null) return 0;
  if (isNonNullType(type)) return inputCost(value, type.ofType, weighing);
  if (isListType(type)) {
    let sum = 0;
    for (const item of Array.isArray(value) ? value : [value]) {
      sum += inputCost(item, type.ofType, weighing);
    }
    return sum;
  }
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return weighing.weight ?? 0;
  let sum = weighing.weight ?? 1;
  if (!isRecord(value)) return sum;
  for (const field of Object.values(named.getFields())) {
    if (!Object.hasOwn(value, field.name)) continue;
    const weight = weighing.costs.weights.get(`${named.name}.${field.name}`);
    sum += inputCost(value[field.name], field.type, { costs: weighing.costs, weight });
  }
  return sum;
}

function usesVariables(value: ValueNode): boolean {
  if (value.kind === Kind.VARIABLE) return true;
  let uses = false;
  visit(value, { Variable: () => void (uses = true) });
  return uses;
}
