/**
 * From a client's text to a planned operation, in steps that every transport goes through in this order:
 *
 *   text → parse within limits → select the operation → validate   (`prepare`)
 *   → plan                                                         (`planned`)
 *
 * Rights and cost stand between the two. The end of a successful way is kept, keyed by all it depends on.
 */
import { fault } from '@ordergraph/platform/errors.ts';
import {
  getOperationAST,
  Kind,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import { BoundedCache } from './bounded-cache.ts';
import { RequestRefused } from './errors.ts';
import { parseWithin, type Limits } from './limits.ts';
import { observedPlanning, type PlanObserver } from './planning/observed-planning.ts';
import type { Planner, QueryPlan } from './planning/planner.ts';
import { planningConditions, specialisedOperation } from './planning/specialised-operation.ts';
import type { OperationRequest, Variables } from './request.ts';
import { resumable, type ResumableDocument } from './resumable.ts';
import type { Trace } from './trace.ts';

export type ValidOperation = {
  readonly name: string | undefined;
  readonly type: `${OperationTypeNode}`;
  /** As the client wrote it: the answer has its shape. */
  readonly document: DocumentNode;
  readonly node: OperationDefinitionNode;
  /** For subscriptions only. */
  readonly stream: ResumableDocument | undefined;
};

/** For all variables, but for those of `@skip` and `@include`. */
export type PlannedOperation = ValidOperation & { readonly plan: QueryPlan };

export type OperationRules = {
  readonly schema: GraphQLSchema;
  readonly planner: Planner;
  /** Whether operations are planned for the values of their conditions. */
  readonly specialise: boolean;
  readonly limits: Limits;
  readonly introspection: boolean;
  /** Whether validation may name fields that the client did not ask for. */
  readonly suggestions: boolean;
  readonly observer: PlanObserver;
};

/** An operation as it is asked, with the values of its conditions for which it was planned. */
export type UsualOperation = {
  readonly request: OperationText;
  readonly cases: readonly Variables[];
};

/** All of a request that an operation depends on. */
export type OperationText = Pick<OperationRequest, 'query' | 'operationName'>;

export type Operations = {
  /**
   * Reads and checks a request's operation.
   * @throws RequestRefused with all validation errors, or a fault with a public code
   */
  prepare(request: OperationText): ValidOperation;
  /**
   * Plans it for the values that its conditions have.
   * @param variables coerced
   * @param trace to which planning belongs, if it has to be done
   * @throws PlanningFailed, or a fault with a public code
   */
  planned(operation: ValidOperation, variables: Variables, trace: Trace): Promise<PlannedOperation>;
  /** Those that were asked most of all that are kept, at most so many. */
  mostUsed(count: number): readonly UsualOperation[];
};

type Kept = { readonly request: OperationText; readonly operation: ValidOperation; uses: number };

/** Texts kept, and their length in all, in characters. */
const keptMax = 1_000;
const keptCharactersMax = 4 * 1024 * 1024;

export function createOperations(rules: OperationRules): Operations {
  const kept = new BoundedCache<Kept>(keptMax, keptCharactersMax);
  // Kept as long as the operation is, and shared by all who ask for them while they are being made.
  const plans = new WeakMap<ValidOperation, Plans>();
  const checks = rules.introspection
    ? specifiedRules
    : [...specifiedRules, NoSchemaIntrospectionCustomRule];

  const prepare = (request: OperationText): ValidOperation => {
    const document = parseWithin(request.query, rules.limits);
    const node = selected(document, request.operationName);
    const faults = validate(rules.schema, document, checks, {
      maxErrors: 10,
      hideSuggestions: !rules.suggestions,
    });
    if (faults.length > 0) {
      for (const error of faults) error.extensions['code'] = 'GRAPHQL_VALIDATION_FAILED';
      throw new RequestRefused(faults);
    }
    const stream =
      node.operation === OperationTypeNode.SUBSCRIPTION
        ? resumable(document, node, rules.schema)
        : undefined;
    return { name: node.name?.value, type: node.operation, document, node, stream };
  };

  const plan = async (
    operation: ValidOperation,
    conditions: readonly string[] | undefined,
    variables: Variables,
  ): Promise<PlannedOperation> => {
    const { stream, document, node } = operation;
    const asked = { document: stream?.document ?? document, operation: stream?.operation ?? node };
    const special = conditions ? specialisedOperation(asked, rules.schema, variables) : asked;
    return { ...operation, plan: await rules.planner.plan(special.document, special.operation) };
  };

  const plansOf = (operation: ValidOperation): Plans => {
    const known = plans.get(operation);
    if (known) return known;
    const conditions = rules.specialise ? planningConditions(operation.document) : undefined;
    const made: Plans = { conditions, byCase: new Map() };
    plans.set(operation, made);
    return made;
  };

  rules.observer.operationsKept(() => kept.size);

  return {
    prepare(request) {
      const key = `${request.operationName ?? ''}\n${request.query}`;
      const known = kept.get(key);
      if (known) {
        known.uses += 1;
        return known.operation;
      }
      const { query, operationName } = request;
      const operation = prepare(request);
      kept.set(key, { request: { query, operationName }, operation, uses: 1 });
      return operation;
    },
    planned(operation, variables, trace) {
      const { conditions, byCase } = plansOf(operation);
      const key = (conditions ?? []).map((name) => (variables[name] === true ? '1' : '0')).join('');
      const known = byCase.get(key);
      rules.observer.planAsked(known !== undefined);
      trace.span?.annotate({ 'router.plan.cache': known ? 'hit' : 'miss' });
      if (known) return known;
      const planning = observedPlanning(rules.observer, trace, () =>
        plan(operation, conditions, variables),
      );
      byCase.set(key, planning);
      // A failure is not kept: the planner knows which ones not to try again.
      planning.catch(() => byCase.delete(key));
      return planning;
    },
    mostUsed(count) {
      return [...kept.values()]
        .toSorted((a, b) => b.uses - a.uses)
        .slice(0, count)
        .map(({ request, operation }) => ({ request, cases: casesOf(plansOf(operation)) }));
    },
  };
}

type Plans = {
  /** Variables whose values make a case; undefined if all are one. */
  readonly conditions: readonly string[] | undefined;
  readonly byCase: Map<string, Promise<PlannedOperation>>;
};

/** What the variables of conditions were in each case, read back from its key. */
function casesOf({ conditions, byCase }: Plans): readonly Variables[] {
  return [...byCase.keys()].map((key) =>
    Object.fromEntries((conditions ?? []).map((name, i) => [name, key[i] === '1'])),
  );
}

function selected(document: DocumentNode, name: string | undefined): OperationDefinitionNode {
  const node = getOperationAST(document, name);
  if (node) return node;
  const count = document.definitions.filter(
    ({ kind }) => kind === Kind.OPERATION_DEFINITION,
  ).length;
  const message =
    count === 0
      ? 'The document has no operation.'
      : name === undefined
        ? 'The document has several operations: "operationName" must name one.'
        : 'The document has no operation of that name.';
  throw fault('OPERATION_RESOLUTION_FAILURE', message);
}
