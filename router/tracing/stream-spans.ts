/** Spans of what happens in a stream after it has begun; each is a trace of its own, with a link to the subscription's. */
import { codeOf } from '../errors.ts';
import type { StreamRequest } from '../streams/live-stream.ts';
import type { StreamedResult } from '../streams/result-stream.ts';
import type { SpanAttributes, Trace } from '../trace.ts';

/**
 * Works on one event of a stream. Of streams that share a result one has it made, and the fetches in its trace; the spans of
 * the others tell how long they waited for it.
 */
export function eventTraced(
  request: StreamRequest,
  work: (trace: Trace) => Promise<StreamedResult>,
): Promise<StreamedResult> {
  const { trace } = request.context;
  const span = trace.span?.successor({
    name: 'stream event',
    kind: 'consumer',
    attributes: attributesOf(request),
  });
  if (!span) return work(trace);
  const working = work(span.trace);
  working.then(
    ({ result }) => span.end(result.errors.length > 0 ? codeOf(result.errors) : 'ok'),
    () => span.end('INTERNAL_SERVER_ERROR'),
  );
  return working;
}

/** Tells how a stream has ended. */
export function endTraced(request: StreamRequest, outcome: string): void {
  request.context.trace.span
    ?.successor({ name: 'stream end', kind: 'internal', attributes: attributesOf(request) })
    .end(outcome);
}

function attributesOf({ operation, transport }: StreamRequest): SpanAttributes {
  const { name } = operation;
  return {
    'router.transport': transport,
    'graphql.operation.type': 'subscription',
    ...(name === undefined ? {} : { 'graphql.operation.name': name.slice(0, nameLengthMax) }),
  };
}

const nameLengthMax = 128;
