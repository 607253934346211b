/**
 * From the planner's plan to one that executes right as it stands: stand-ins are turned back, what a subgraph does not
 * really have is taken out, fetches that would contradict themselves are split, and each fetch knows what can be had without all that it requires.
 */
import type { FetchNode, PlanNode, QueryPlan, SubscriptionNode } from '@apollo/query-planner';
import type { EntityKeys } from './entity-keys.ts';
import { alternativesOf } from './fetch-alternatives.ts';
import { withoutForeignFragments, type OwnSchemas } from './foreign-fragments.ts';
import type { PlanningSchema } from './planning-schema.ts';
import { unambiguousFetches } from './representation-conflicts.ts';
import { withFieldNames, withoutStandIns } from './stand-ins.ts';

/** A fetch of a finished plan. */
export type FinishedFetch = FetchNode & {
  /** To be fetched of an entity in place of the whole, as far as the requirements are there. */
  readonly alternatives?: readonly FetchNode[];
};

export type PlanFinishing = {
  readonly schema: PlanningSchema;
  readonly keys: EntityKeys;
  readonly own: OwnSchemas;
};

export function finishedPlan(plan: QueryPlan, finishing: PlanFinishing): QueryPlan {
  return plan.node ? { ...plan, node: finishedRoot(plan.node, finishing) } : plan;
}

function finishedRoot(
  node: PlanNode | SubscriptionNode,
  finishing: PlanFinishing,
): PlanNode | SubscriptionNode {
  if (node.kind !== 'Subscription') return finished(node, finishing);
  const [primary = node.primary] = finishedFetches(node.primary, finishing);
  return { ...node, primary, ...(node.rest ? { rest: finished(node.rest, finishing) } : {}) };
}

function finished(node: PlanNode, finishing: PlanFinishing): PlanNode {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return { ...node, nodes: node.nodes.map((child) => finished(child, finishing)) };
    case 'Flatten':
      return { ...node, node: finished(node.node, finishing) };
    case 'Condition':
      return {
        ...node,
        ...(node.ifClause ? { ifClause: finished(node.ifClause, finishing) } : {}),
        ...(node.elseClause ? { elseClause: finished(node.elseClause, finishing) } : {}),
      };
    case 'Fetch': {
      const fetches = finishedFetches(node, finishing);
      const [only] = fetches;
      return fetches.length === 1 && only ? only : { kind: 'Parallel', nodes: [...fetches] };
    }
    case 'Defer':
      return node;
  }
}

function finishedFetches(
  fetch: FetchNode,
  { schema, keys, own }: PlanFinishing,
): readonly FinishedFetch[] {
  const real = (one: FetchNode): FetchNode =>
    withoutForeignFragments(withoutStandIns(one, schema), own);
  return unambiguousFetches(withFieldNames(fetch, schema), schema).map((one) => {
    const alternatives = alternativesOf(one, schema, keys);
    return {
      ...real(one),
      ...(alternatives.length > 0 ? { alternatives: alternatives.map(real) } : {}),
    };
  });
}
