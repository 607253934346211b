/** Several calls to one subgraph as one: a list of operations, each with its own caller and its own place in a trace. */
import { anonymous } from '@ordergraph/platform/identity.ts';
import type { RequestContext } from './request.ts';
import type { Statements } from './statements.ts';
import type { SubgraphCall } from './subgraph-requests.ts';
import { newSpanId, traceparentOf, type TraceSpan } from './trace.ts';

/**
 * The call itself is nobody's. It may take as long as the most patient of them: the others no longer listen when their own
 * time is up.
 * @param spans of those that are recorded, by their place; may be empty
 */
export function callOfAll(
  calls: readonly SubgraphCall[],
  spans: readonly (TraceSpan | undefined)[],
  statements: Statements,
): SubgraphCall {
  const [first] = calls;
  if (!first) throw new Error('a batch has a call');
  const context: RequestContext = {
    caller: { identity: anonymous, expiresAtMs: null },
    trace: first.context.trace,
    deadlineMs: Math.max(...calls.map((call) => call.context.deadlineMs)),
    signal: undefined,
  };
  const traceparents = batchTraceparents(calls, spans);
  return {
    body: batchBody(calls, traceparents, statements),
    context,
    kind: calls.every((call) => call.kind === 'read') ? 'read' : 'write',
    traceparent: traceparents[0],
  };
}

/** Each of its own trace; those that are not recorded share the id of a span that nobody records. */
function batchTraceparents(
  calls: readonly SubgraphCall[],
  spans: readonly (TraceSpan | undefined)[],
): readonly string[] {
  const unrecorded = newSpanId();
  return calls.map(({ context }, i) => {
    const span = spans[i];
    return span ? traceparentOf(span.trace) : traceparentOf(context.trace, unrecorded);
  });
}

function batchBody(
  calls: readonly SubgraphCall[],
  traceparents: readonly string[],
  statements: Statements,
): string {
  const nowMs = Date.now();
  const bodies = calls.map(({ body, context: { caller } }, i) => {
    const identity = statements.of(caller.identity, nowMs);
    const extensions = `{"identity":"${identity}","traceparent":"${traceparents[i] ?? ''}"}`;
    return `${body.slice(0, -1)},"extensions":${extensions}}`;
  });
  return `[${bodies.join(',')}]`;
}
