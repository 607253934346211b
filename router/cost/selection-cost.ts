/**
 * The cost of an operation before it is run, by the IBM specification: every object by its type's weight and every call of
 * a field by its own and its arguments', as many times as the lists around it are expected to be long. Where an object may
 * be of several types, the dearest counts. The work is done once for an operation; with its variables only numbers are
 * left to be put in.
 */
import {
  isCompositeType,
  isObjectType,
  Kind,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type SelectionSetNode,
} from 'graphql';
import { applies, collectedFields, type OperationSource } from '../collected-fields.ts';
import type { Variables } from '../request.ts';
import { fieldCost, lengthOf, type CostRules, type FieldCost } from './field-cost.ts';

/** Objects that one selection stands for. */
export type SelectionCost = {
  /** One of these is what an object turns out to cost. */
  readonly alternatives: readonly Alternative[];
  /** Its cost if that is the same for all variables and all sizes. */
  readonly constant: number | undefined;
};

type Alternative = { readonly weight: number; readonly fields: readonly SelectedField[] };
type SelectedField = { readonly cost: FieldCost; readonly inner: SelectionCost | undefined };

/** Above this nothing is told apart any more. */
const costMax = 1e12;

export function selectionCost(
  set: SelectionSetNode,
  type: GraphQLCompositeType,
  parts: { readonly source: OperationSource; readonly rules: CostRules },
): SelectionCost {
  return new Compilation(parts.source, parts.rules).selection([set], type);
}

/** @throws BAD_USER_INPUT if a list is not sliced as its field wants it */
export function estimatedCost(
  selection: SelectionCost,
  variables: Variables,
  rules: CostRules,
): number {
  return new Estimation(variables, rules).selection(selection, undefined);
}

class Compilation {
  readonly #source: OperationSource;
  readonly #rules: CostRules;
  readonly #ids = new Map<FieldNode, number>();
  /** The same fields below several types are the same selection. */
  readonly #selections = new Map<string, SelectionCost>();

  constructor(source: OperationSource, rules: CostRules) {
    this.#source = source;
    this.#rules = rules;
  }

  selection(sets: readonly SelectionSetNode[], type: GraphQLCompositeType): SelectionCost {
    const alternatives = this.#alternatives(sets, type).map((object) => this.#object(sets, object));
    const varies = alternatives.some(({ fields }) =>
      fields.some(({ cost, inner }) => !cost.constant || (inner && inner.constant === undefined)),
    );
    if (varies) return { alternatives, constant: undefined };
    const constant = attempt(() =>
      estimatedCost({ alternatives, constant: undefined }, {}, this.#rules),
    );
    return { alternatives, constant };
  }

  #object(sets: readonly SelectionSetNode[], type: GraphQLObjectType): Alternative {
    const collected = collectedFields(sets, type, this.#source);
    const weight = this.#rules.costs.weights.get(type.name) ?? 1;
    return { weight, fields: [...collected.values()].map((nodes) => this.#field(nodes, type)) };
  }

  #field(nodes: readonly FieldNode[], type: GraphQLObjectType): SelectedField {
    const [node] = nodes;
    if (!node) throw new Error('a field is selected by a node');
    const cost = fieldCost(type.name, node, this.#rules);
    if (!isCompositeType(cost.type)) return { cost, inner: undefined };
    const key = [cost.type.name, ...nodes.map((one) => this.#idOf(one))].join(' ');
    const known = this.#selections.get(key);
    if (known) return { cost, inner: known };
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const inner = this.selection(sets, cost.type);
    this.#selections.set(key, inner);
    return { cost, inner };
  }

  #idOf(node: FieldNode): number {
    const id = this.#ids.get(node) ?? this.#ids.size;
    this.#ids.set(node, id);
    return id;
  }

  /** The types an object may be of, one for all that are selected alike and cost alike. */
  #alternatives(
    sets: readonly SelectionSetNode[],
    type: GraphQLCompositeType,
  ): readonly GraphQLObjectType[] {
    if (isObjectType(type)) return [type];
    const { schema } = this.#source;
    const conditions = [...new Set(sets.flatMap((set) => this.#conditions(set)))];
    const alike = new Map<string, GraphQLObjectType>();
    for (const object of schema.getPossibleTypes(type)) {
      const matches = conditions.map((name) => (applies(name, object, schema) ? '1' : '0'));
      const own = this.#rules.costs.special.has(object.name) ? object.name : '';
      const key = `${matches.join('')} ${own}`;
      if (!alike.has(key)) alike.set(key, object);
    }
    return [...alike.values()];
  }

  #conditions(set: SelectionSetNode): readonly string[] {
    return set.selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [];
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT
          ? selection
          : this.#source.fragments.get(selection.name.value);
      if (!fragment) return [];
      const condition = fragment.typeCondition?.name.value;
      const inner = this.#conditions(fragment.selectionSet);
      return condition === undefined ? inner : [condition, ...inner];
    });
  }
}

/** A length that the field around gives to some of a selection's lists. */
type Sized = { readonly fields: readonly string[]; readonly length: number };

class Estimation {
  readonly #variables: Variables;
  readonly #rules: CostRules;
  /** By selection, and by what the field around it says of its lists. */
  readonly #known = new Map<SelectionCost, Map<string, number>>();

  constructor(variables: Variables, rules: CostRules) {
    this.#variables = variables;
    this.#rules = rules;
  }

  selection(selection: SelectionCost, sized: Sized | undefined): number {
    if (!sized && selection.constant !== undefined) return selection.constant;
    const key = sized ? `${sized.length} ${sized.fields.join(' ')}` : '';
    const costs = this.#known.get(selection) ?? new Map<string, number>();
    this.#known.set(selection, costs);
    const cost = costs.get(key) ?? this.#dearest(selection, sized);
    costs.set(key, cost);
    return cost;
  }

  #dearest({ alternatives }: SelectionCost, sized: Sized | undefined): number {
    let most = 0;
    for (const { weight, fields } of alternatives) {
      let sum = weight;
      for (const field of fields) sum += this.#field(field, sized);
      most = Math.max(most, sum);
    }
    return Math.min(most, costMax);
  }

  #field({ cost, inner }: SelectedField, around: Sized | undefined): number {
    const own = cost.own(this.#variables);
    const ownLength = cost.length(this.#variables);
    if (!inner) return own;
    const sized = around?.fields.includes(cost.name) ? around.length : undefined;
    const length = lengthOf(cost, this.#variables, { ...this.#rules, sized });
    const passedOn =
      cost.sizedFields.length > 0 && ownLength !== undefined
        ? { fields: cost.sizedFields, length: ownLength }
        : undefined;
    return own + length * this.selection(inner, passedOn);
  }
}

/** Undefined for what is refused whatever the variables are: it is refused anew each time. */
function attempt(estimate: () => number): number | undefined {
  try {
    return estimate();
  } catch {
    return undefined;
  }
}
