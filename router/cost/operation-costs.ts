/** What operations cost: expected before they run, and found out from what their answers hold. */
import type { Schema } from '@apollo/federation-internals';
import { Kind, visit, type DocumentNode, type GraphQLSchema } from 'graphql';
import { BoundedCache } from '../bounded-cache.ts';
import { fragmentsOf } from '../fragments.ts';
import type { ValidOperation } from '../operations.ts';
import type { Variables } from '../request.ts';
import type { ObjectCounts, WrittenFields } from '../result.ts';
import { InputCosts } from './argument-cost.ts';
import { fieldCost, type CostRules, type FieldCost } from './field-cost.ts';
import { schemaCosts } from './schema-costs.ts';
import { estimatedCost, selectionCost, type SelectionCost } from './selection-cost.ts';

export type OperationCosts = {
  /**
   * The expected cost of a valid operation; at least 1.
   * @param variables coerced
   * @throws BAD_USER_INPUT if a list is not sliced as its field wants it
   */
  estimate(operation: ValidOperation, variables: Variables): number;
  /** The cost of an answer; at least 1. */
  actual(objects: ObjectCounts, variables: Variables): number;
};

export type OperationCostsOptions = {
  /** With the directives. */
  readonly supergraph: Schema;
  /** What clients see. */
  readonly apiSchema: GraphQLSchema;
  /** The length of a list of which nothing is known. */
  readonly listSizeAssumed: number;
};

/** How many combinations of what clients leave out are kept, for one operation. */
const casesMax = 32;

type Cases = {
  readonly conditions: readonly string[];
  readonly selections: BoundedCache<SelectionCost>;
};

export function createOperationCosts(options: OperationCostsOptions): OperationCosts {
  const { supergraph, apiSchema: schema, listSizeAssumed } = options;
  const given = schemaCosts(supergraph);
  const rules: CostRules = {
    schema,
    listSizeAssumed,
    costs: given,
    inputs: new InputCosts(given.weights),
  };
  const cases = new WeakMap<ValidOperation, Cases>();
  const written = new WeakMap<WrittenFields, ObjectCost>();

  const casesOf = (operation: ValidOperation): Cases => {
    const known = cases.get(operation);
    if (known) return known;
    const conditions = conditionVariables(operation.document);
    const made: Cases = { conditions, selections: new BoundedCache(casesMax, Infinity) };
    cases.set(operation, made);
    return made;
  };

  const selectionFor = (operation: ValidOperation, variables: Variables): SelectionCost => {
    const { conditions, selections } = casesOf(operation);
    const key = conditions.map((name) => (variables[name] === true ? '1' : '0')).join('');
    const known = selections.get(key);
    if (known) return known;
    const type = schema.getRootType(operation.node.operation);
    if (!type) throw new Error(`the schema has no ${operation.type}`);
    const fragments = fragmentsOf(operation.document);
    const source = { schema, fragments, variables };
    const made = selectionCost(operation.node.selectionSet, type, { source, rules });
    selections.set(key, made);
    return made;
  };

  const objectCost = (fields: WrittenFields): ObjectCost => {
    const known = written.get(fields);
    if (known) return known;
    const costs = fields.flatMap(({ coordinate, nodes: [node] }) =>
      node ? [fieldCost(typeIn(coordinate), node, rules)] : [],
    );
    const [first] = fields;
    let constant = first ? (rules.costs.weights.get(typeIn(first.coordinate)) ?? 1) : 0;
    for (const cost of costs) if (cost.constant) constant += cost.own({});
    const made = { constant, varying: costs.filter((cost) => !cost.constant) };
    written.set(fields, made);
    return made;
  };

  return {
    estimate: (operation, variables) =>
      rounded(estimatedCost(selectionFor(operation, variables), variables, rules)),
    actual(objects, variables) {
      let sum = 0;
      for (const [fields, count] of objects) {
        const { constant, varying } = objectCost(fields);
        sum += count * constant;
        for (const field of varying) sum += count * field.own(variables);
      }
      return rounded(sum);
    },
  };
}

/** What an object of one type costs, apart from what its fields hold. */
type ObjectCost = { readonly constant: number; readonly varying: readonly FieldCost[] };

function rounded(cost: number): number {
  return Math.max(1, Math.ceil(cost));
}

function typeIn(coordinate: string): string {
  return coordinate.slice(0, coordinate.indexOf('.'));
}

function conditionVariables(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  visit(document, {
    Directive: ({ name, arguments: given = [] }) => {
      if (name.value !== 'skip' && name.value !== 'include') return;
      for (const { value } of given) {
        if (value.kind === Kind.VARIABLE) names.add(value.name.value);
      }
    },
  });
  return [...names];
}
