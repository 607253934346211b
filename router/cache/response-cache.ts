/**
 * Answers to queries for everybody, kept between requests. The way of one:
 *
 *   never seen to be for everybody → executed, and its subgraphs' word for it remembered
 *   seen to be so                  → looked up: found → given out
 *                                               missed → executed, kept if it is clean and still for everybody
 *
 * So what is private costs nothing. An answer depends on the types of all that its fetches can bring, and ends with a change
 * of any of them. Whatever touches something that is only for some is never kept, whatever a subgraph says of it.
 *
 * A mutation ends what depends on the types that it may have changed before it is answered, whatever came of it: who has
 * changed something reads the change.
 */
import { createHash } from 'node:crypto';
import { print, type GraphQLSchema } from 'graphql';
import { collectedFields } from '../collected-fields.ts';
import { fragmentsOf } from '../fragments.ts';
import { preparedPlan } from '../execution/prepared-plan.ts';
import type { Execution, Executor } from '../executor.ts';
import type { PlannedOperation } from '../operations.ts';
import type { Variables } from '../request.ts';
import type { OperationResult } from '../result.ts';
import { AnswerText } from './answer-text.ts';
import { fetchedTypes } from './fetched-types.ts';
import { Prospect, type SupergraphKeeping } from './keeping.ts';
import { everything, inAnswers, ofType, type Tag } from './tags.ts';

export function withKeptAnswers(
  executor: Executor,
  apiSchema: GraphQLSchema,
  keeping: SupergraphKeeping,
): Executor {
  const { keptTypes, changing, changes } = keeping;
  const kinds = new WeakMap<PlannedOperation, KeptKind | 'guarded'>();

  const kindOf = (operation: PlannedOperation): KeptKind | 'guarded' => {
    const known = kinds.get(operation);
    if (known) return known;
    const kind = keptKind(operation, keeping);
    if (kind !== 'guarded') keptTypes.learn(kind.types);
    kinds.set(operation, kind);
    return kind;
  };

  const query = async (execution: Execution): Promise<OperationResult> => {
    const { operation } = execution;
    const known = kinds.get(operation);
    if (known && known !== 'guarded' && known.prospect.isGood) {
      return answered(executor, execution, { kind: known, keeping });
    }
    const result = await executor.execute(execution);
    if (result.publicForMs === undefined) return result;
    const kind = kindOf(operation);
    if (kind === 'guarded') return { ...result, publicForMs: undefined };
    kind.prospect.fetched(result.publicForMs);
    return result;
  };

  const mutation = async (execution: Execution): Promise<OperationResult> => {
    try {
      return await executor.execute(execution);
    } finally {
      const fields = mutationFields(execution, apiSchema);
      const types = new Set(fields.flatMap((field) => [...changing.changedBy(field)]));
      const kept = keptTypes.among(types);
      if (kept.length > 0) await changes.tell(kept.flatMap(ofType), 'mutation');
    }
  };

  return {
    async execute(execution) {
      const { operation, event } = execution;
      if (operation.type === 'mutation') return mutation(execution);
      return event || operation.type !== 'query' ? executor.execute(execution) : query(execution);
    },
  };
}

/** What depends on the operation alone. */
type KeptKind = {
  readonly types: readonly string[];
  readonly tags: readonly Tag[];
  readonly text: AnswerText;
  readonly prospect: Prospect;
  keyFor(variables: Variables): string;
};

function keptKind(operation: PlannedOperation, keeping: SupergraphKeeping): KeptKind | 'guarded' {
  const { id, changing, source } = keeping;
  const fetched = preparedPlan(operation.plan).fetches.map((fetch) =>
    fetchedTypes(fetch.operation.selectionSet, source),
  );
  if (fetched.some(({ isOpen }) => !isOpen)) return 'guarded';
  const all = new Set(fetched.flatMap(({ types }) => [...types]));
  const types = [...all].filter((type) => changing.has(type));
  const hash = createHash('sha256')
    .update(`${id}\n${operation.name ?? ''}\n`)
    .update(print(operation.document));
  return {
    types,
    tags: [everything, ...types.map(inAnswers)],
    text: new AnswerText(operation.document),
    prospect: new Prospect(),
    keyFor: (variables) =>
      hash
        .copy()
        .update(`\n${JSON.stringify(variables)}`)
        .digest('base64url'),
  };
}

async function answered(
  executor: Executor,
  execution: Execution,
  { kind, keeping }: { readonly kind: KeptKind; readonly keeping: SupergraphKeeping },
): Promise<OperationResult> {
  const { store, freshness, metrics } = keeping;
  const key = kind.keyFor(execution.variables);
  const [found] = (freshness.isSure && (await store.find([{ key, tags: kind.tags }]))) || [];
  const kept = found?.kind === 'hit' ? kind.text.read(found.text) : undefined;
  metrics.cacheAsked('response', kept ? 'hit' : found ? 'miss' : 'away');
  if (found?.kind === 'hit' && kept) {
    return { ...kept, errors: [], publicForMs: found.remainingMs };
  }
  const startedMs = performance.now();
  const result = await executor.execute(execution);
  kind.prospect.fetched(result.publicForMs);
  const { data, objects, publicForMs } = result;
  if (found?.kind === 'miss' && publicForMs !== undefined && data !== undefined && objects) {
    store.keep({
      key,
      text: kind.text.write({ data, objects }),
      versions: found.versions,
      forMs: publicForMs - (performance.now() - startedMs),
    });
  }
  return result;
}

function mutationFields({ operation, variables }: Execution, schema: GraphQLSchema) {
  const type = schema.getMutationType();
  if (!type) return [];
  const fragments = fragmentsOf(operation.document);
  const fields = collectedFields([operation.node.selectionSet], type, {
    schema,
    fragments,
    variables,
  });
  return [...fields.values()].flatMap(([node]) => (node ? [node.name.value] : []));
}
