/**
 * A plan made ready to run many times: paths pushed down to the fetches, texts cut and quoted, variables named. It
 * depends on the operation alone.
 */
import type { FetchNode, PlanNode, QueryPlan } from '@apollo/query-planner';
import type { FinishedFetch } from '../planning/finished-plan.ts';
import { clientVariable } from '../planning/reserved-variables.ts';
import type { DataRewrite } from './data-rewrites.ts';
import { fetchOperation, type FetchOperation } from './fetch-operation.ts';
import type { Requirements } from './representations.ts';

/** Response names from the root; `@` stands for every item of a list. */
export type FetchPath = readonly string[];

export type PreparedFetch = {
  /** Unlike that of any other fetch of the plan. */
  readonly id: number;
  /** The same for entity fetches of a plan that ask the same of their entities. */
  readonly selection: number;
  readonly service: string;
  readonly path: FetchPath;
  readonly operation: FetchOperation;
  /** The client's variables that the fetch passes on. */
  readonly variables: readonly FetchVariable[];
  /** The begin of a request of this fetch alone, up to the variables: `{"query":"…","variables":{`. */
  readonly body: string;
  readonly outputRewrites: readonly DataRewrite[];
  /** Parts of an entity fetch, for entities of which not all is there that the whole requires. */
  readonly alternatives: readonly PreparedFetch[];
  /** For entity fetches; the others are of a root type. */
  readonly entities: EntityInput | undefined;
};

export type EntityInput = {
  readonly requires: Requirements;
  readonly rewrites: readonly DataRewrite[];
  /** Variables whose values come from an entity's surroundings, and where they may be found. */
  readonly context: ReadonlyMap<string, readonly FetchPath[]>;
};

export type FetchVariable = {
  /** As the fetch names it, quoted and with a colon. */
  readonly key: string;
  /** As the client names it. */
  readonly name: string;
};

export type Step =
  | { readonly kind: 'fetch'; readonly fetch: PreparedFetch }
  | { readonly kind: 'sequence' | 'parallel'; readonly steps: readonly Step[] }
  | {
      readonly kind: 'condition';
      /** The client's variable. */
      readonly variable: string;
      readonly whenTrue: Step | undefined;
      readonly whenFalse: Step | undefined;
    };

export type PreparedPlan = {
  readonly fetches: readonly PreparedFetch[];
  /** A subscription's own fetch: its answers are the events. */
  readonly primary: PreparedFetch | undefined;
  /** Undefined if there is nothing to fetch. */
  readonly step: Step | undefined;
};

export function preparedPlan({ node }: QueryPlan): PreparedPlan {
  const fetches: PreparedFetch[] = [];
  if (!node) return { fetches, primary: undefined, step: undefined };
  if (node.kind !== 'Subscription') {
    return { fetches, primary: undefined, step: preparedStep(node, [], fetches) };
  }
  const primary = preparedFetch(node.primary, [], fetches);
  return {
    fetches,
    primary,
    step: node.rest ? preparedStep(node.rest, [], fetches) : undefined,
  };
}

function preparedStep(node: PlanNode, path: FetchPath, fetches: PreparedFetch[]): Step {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel': {
      const steps = node.nodes.map((child) => preparedStep(child, path, fetches));
      return { kind: node.kind === 'Sequence' ? 'sequence' : 'parallel', steps };
    }
    case 'Flatten':
      return preparedStep(node.node, [...path, ...node.path.map(String)], fetches);
    case 'Condition':
      return {
        kind: 'condition',
        variable: clientVariable(node.condition),
        whenTrue: node.ifClause && preparedStep(node.ifClause, path, fetches),
        whenFalse: node.elseClause && preparedStep(node.elseClause, path, fetches),
      };
    case 'Fetch':
      return { kind: 'fetch', fetch: preparedFetch(node, path, fetches) };
    case 'Defer':
      throw new Error('deferred fetches are not served');
  }
}

function preparedFetch(
  node: FinishedFetch,
  path: FetchPath,
  fetches: PreparedFetch[],
): PreparedFetch {
  const operation = fetchOperation(node.operation, node.operationName);
  const context = contextPaths(node);
  const alike = fetches.find(
    (other) => other.service === node.serviceName && other.operation.text === operation.text,
  );
  const alternatives = (node.alternatives ?? []).map((part) => preparedFetch(part, path, fetches));
  const fetch: PreparedFetch = {
    id: fetches.length,
    selection: alike?.selection ?? fetches.length,
    service: node.serviceName,
    path,
    operation,
    variables: (node.variableUsages ?? [])
      .filter((name) => !context.has(name))
      .map((name) => ({ key: `${JSON.stringify(name)}:`, name: clientVariable(name) })),
    body: requestBegin(operation.text, operation.name),
    outputRewrites: node.outputRewrites ?? [],
    alternatives,
    entities: node.requires && {
      requires: node.requires,
      rewrites: node.inputRewrites ?? [],
      context,
    },
  };
  fetches.push(fetch);
  return fetch;
}

/** The begin of a request's body, up to the values of variables; `}}` ends it. */
export function requestBegin(query: string, operationName: string | undefined): string {
  const name =
    operationName === undefined ? '' : `"operationName":${JSON.stringify(operationName)},`;
  return `{"query":${JSON.stringify(query)},${name}"variables":{`;
}

function contextPaths(node: FetchNode): ReadonlyMap<string, readonly FetchPath[]> {
  const paths = new Map<string, FetchPath[]>();
  for (const { renameKeyTo, path } of node.contextRewrites ?? []) {
    paths.set(renameKeyTo, [...(paths.get(renameKeyTo) ?? []), path]);
  }
  return paths;
}
