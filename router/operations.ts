/**
 * From a client's text to a planned operation, in steps that every transport goes through in this order:
 *
 *   text → parse within limits → select the operation → validate → plan
 *
 * Persisted operations will give the text in place of the client; rights and cost will stand between validation and
 * planning. The end of a successful way is kept, keyed by all it depends on.
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
import type { Planner, QueryPlan } from './planner.ts';
import type { OperationRequest } from './request.ts';
import { resumable, type ResumableDocument } from './resumable.ts';

export type PlannedOperation = {
  readonly name: string | undefined;
  readonly type: `${OperationTypeNode}`;
  /** As the client wrote it: the answer has its shape. */
  readonly document: DocumentNode;
  readonly node: OperationDefinitionNode;
  readonly plan: QueryPlan;
  /** For subscriptions only. */
  readonly stream: ResumableDocument | undefined;
};

export type OperationRules = {
  readonly schema: GraphQLSchema;
  readonly planner: Planner;
  readonly limits: Limits;
  readonly introspection: boolean;
  /** Whether validation may name fields that the client did not ask for. */
  readonly suggestions: boolean;
};

export type Operations = {
  /**
   * Plans a request's operation.
   * @param resume whether a stream is to be continued behind a cursor that came with the request
   * @throws RequestRefused with all validation errors, or a fault with a public code
   */
  prepare(request: OperationRequest, resume: boolean): PlannedOperation;
};

/** Texts kept, and their length in all, in characters. */
const keptMax = 1_000;
const keptCharactersMax = 4 * 1024 * 1024;

export function createOperations(rules: OperationRules): Operations {
  const kept = new BoundedCache<PlannedOperation>(keptMax, keptCharactersMax);
  const checks = rules.introspection
    ? specifiedRules
    : [...specifiedRules, NoSchemaIntrospectionCustomRule];

  const prepare = (request: OperationRequest, resume: boolean): PlannedOperation => {
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
        ? resumable(document, node, { schema: rules.schema, resume })
        : undefined;
    const plan = rules.planner.plan(stream?.document ?? document, stream?.operation ?? node);
    return { name: node.name?.value, type: node.operation, document, node, plan, stream };
  };

  return {
    prepare(request, resume) {
      const key = `${resume ? 'resume' : ''}\n${request.operationName ?? ''}\n${request.query}`;
      const known = kept.get(key);
      if (known) return known;
      const operation = prepare(request, resume);
      kept.set(key, operation);
      return operation;
    },
  };
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
