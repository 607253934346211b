/** Spans of calls to subgraphs. All that is read here of a call is what kind it is, and of its answer how it ended. */
import { codeOf, publicSubgraphError } from '../errors.ts';
import type { Exchanged } from '../subgraph-exchange.ts';
import type { SubgraphAnswer, SubgraphCall } from '../subgraph-requests.ts';
import type { TraceSpan } from '../trace.ts';

/** @param batch how many calls go together, each with a span in the trace of its own */
export function beginFetch(
  subgraph: string,
  { body, context }: SubgraphCall,
  batch = 1,
): TraceSpan | undefined {
  return context.trace.span?.child({
    name: `fetch ${subgraph}`,
    kind: 'client',
    attributes: {
      'router.subgraph': subgraph,
      'router.fetch.kind': fetchKind(body),
      ...(batch > 1 ? { 'router.fetch.batch': batch } : {}),
    },
  });
}

/** @param outcome `ok`, or the code of the failure */
export function endFetch(span: TraceSpan, outcome: string, exchanged?: Exchanged): void {
  if (exchanged?.kind === 'text') span.annotate({ 'http.response.status_code': exchanged.status });
  span.end(outcome);
}

/** `ok`, or the code of the first error in its public form: what subgraphs call their errors has no bound. */
export function fetchOutcome(answer: SubgraphAnswer): string {
  if (answer.kind === 'failure') return answer.code;
  const [first] = answer.errors;
  return first ? codeOf([publicSubgraphError(first)]) : 'ok';
}

/** Requests begin with their text, which the planner has written: `{"query":"…`. */
function fetchKind(body: string): 'query' | 'mutation' | 'entities' {
  if (body.startsWith('{"query":"mutation')) return 'mutation';
  const variables = body.indexOf('"variables":');
  const entities = body.indexOf('_entities(');
  return entities >= 0 && (variables < 0 || entities < variables) ? 'entities' : 'query';
}
