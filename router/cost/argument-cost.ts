/** What the arguments of a field cost: each by its weight, input objects with all that is in them. */
import {
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
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

/** An argument of a field as an operation gives it. */
export type ArgumentValue = {
  readonly definition: GraphQLArgument;
  /** With the client's variables, defaults included; undefined if there is none. */
  readonly value: (variables: Variables) => unknown;
  /** Whether the client wrote it, rather than the schema. */
  readonly isGiven: (variables: Variables) => boolean;
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
      return { definition, constant: true, value: () => fallback, isGiven: () => false };
    }
    const read = reader(given, definition.type);
    return {
      definition,
      constant: !usesVariables(given),
      value: (variables) => read(variables) ?? fallback,
      isGiven: (variables) => read(variables) !== undefined,
    };
  });
}

function reader(given: ValueNode, type: GraphQLInputType): (variables: Variables) => unknown {
  if (given.kind === Kind.VARIABLE) {
    const name = given.name.value;
    return (variables) => variables[name];
  }
  if (usesVariables(given)) return (variables) => valueFromAST(given, type, variables);
  const value: unknown = valueFromAST(given, type);
  return () => value;
}

function usesVariables(value: ValueNode): boolean {
  let uses = false;
  visit(value, { Variable: () => void (uses = true) });
  return uses;
}

/** Cost of input values by the weights of their types. A list costs what its items do. */
export class InputCosts {
  readonly #weights: ReadonlyMap<string, number>;
  /** The fields of input objects that can cost something. */
  readonly #fields = new Map<string, readonly InputField[]>();

  /** @param weights by coordinate, that differ from the usual ones */
  constructor(weights: ReadonlyMap<string, number>) {
    this.#weights = weights;
  }

  /** Whether a value can cost anything. `coordinate` is that of the argument or input field. */
  matters(coordinate: string, type: GraphQLInputType): boolean {
    return isInputObjectType(getNamedType(type)) || this.#weights.has(coordinate);
  }

  cost(value: unknown, coordinate: string, type: GraphQLInputType): number {
    return this.#value(value, type, this.#weights.get(coordinate));
  }

  #value(value: unknown, type: GraphQLInputType, weight: number | undefined): number {
    if (value === undefined || value === null) return 0;
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      if (!Array.isArray(value)) return this.#value(value, nullable.ofType, weight);
      let sum = 0;
      for (const item of value) sum += this.#value(item, nullable.ofType, weight);
      return sum;
    }
    if (!isInputObjectType(nullable)) return weight ?? 0;
    let sum = weight ?? 1;
    if (!isRecord(value)) return sum;
    for (const field of this.#fieldsOf(nullable.name, nullable.getFields())) {
      if (!Object.hasOwn(value, field.name)) continue;
      sum += this.#value(value[field.name], field.type, field.weight);
    }
    return sum;
  }

  #fieldsOf(
    type: string,
    fields: Readonly<Record<string, { readonly name: string; readonly type: GraphQLInputType }>>,
  ): readonly InputField[] {
    const known = this.#fields.get(type);
    if (known) return known;
    const mattering = Object.values(fields)
      .filter((field) => this.matters(`${type}.${field.name}`, field.type))
      .map((field) => ({
        name: field.name,
        type: field.type,
        weight: this.#weights.get(`${type}.${field.name}`),
      }));
    this.#fields.set(type, mattering);
    return mattering;
  }
}

type InputField = {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly weight: number | undefined;
};
