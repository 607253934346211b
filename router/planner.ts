/** Plans operations over the supergraph. A plan does not depend on the values of variables, so it can be kept. */
import { operationFromDocument } from '@apollo/federation-internals';
import { QueryPlanner, type QueryPlan } from '@apollo/query-planner';
import {
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Supergraph } from './supergraph.ts';

export type { FetchNode, PlanNode, QueryPlan, SubscriptionNode } from '@apollo/query-planner';

export type Planner = {
  /** @throws Error if the planner finds no way to a field; a fault of the supergraph, not of the client. */
  plan(document: DocumentNode, operation: OperationDefinitionNode): QueryPlan;
};

export function createPlanner(supergraph: Supergraph): Planner {
  const planner = new QueryPlanner(supergraph.federation);
  return {
    plan(document, operation) {
      const operationName = operation.name?.value;
      const planned = planner.buildQueryPlan(
        operationFromDocument(supergraph.api, document, {
          validate: false,
          ...(operationName === undefined ? {} : { operationName }),
        }),
      );
      if (!planned.node && asksForData(operation.selectionSet, document)) {
        throw new Error('The planner made an empty plan for an operation that asks for data.');
      }
      return planned;
    },
  };
}

/** Whether a root field must come from a subgraph: not introspection, and not left out by a condition. */
function asksForData(set: SelectionSetNode, document: DocumentNode): boolean {
  return set.selections.some((selection) => {
    if ((selection.directives ?? []).length > 0) return false;
    if (selection.kind === Kind.FIELD) return !selection.name.value.startsWith('__');
    if (selection.kind === Kind.INLINE_FRAGMENT)
      return asksForData(selection.selectionSet, document);
    const fragment = document.definitions.find(
      (definition): definition is FragmentDefinitionNode =>
        definition.kind === Kind.FRAGMENT_DEFINITION &&
        definition.name.value === selection.name.value,
    );
    return fragment !== undefined && asksForData(fragment.selectionSet, document);
  });
}
