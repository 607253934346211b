/**
 * Calls to one subgraph: JSON over a pool of kept-alive connections. A call never rejects and never lasts longer than
 * its time-out; whatever is wrong with an answer (status, size, form) ends as a failure with a public code. Of the
 * client's headers none goes down; the subgraph gets a signed identity, a trace and a deadline.
 */
import { identityHeader, signIdentity } from '@ordergraph/platform/identity.ts';
import type { GraphQLFormattedError } from 'graphql';
import { Pool, type Dispatcher } from 'undici';
import { subgraphError, type SubgraphFailure } from './errors.ts';
import { isRecord, type RequestContext, type Variables } from './request.ts';
import type { Subgraph } from './supergraph.ts';
import { traceparentOf } from './trace.ts';

export type SubgraphAnswer =
  | {
      readonly kind: 'answer';
      readonly data: Record<string, unknown> | null;
      readonly errors: readonly GraphQLFormattedError[];
    }
  | { readonly kind: 'failure'; readonly code: SubgraphFailure };

export type SubgraphQuery = {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Variables;
};

export type SubgraphClient = {
  readonly name: string;
  send(query: SubgraphQuery, context: RequestContext): Promise<SubgraphAnswer>;
  /** Whether the subgraph says that it is ready, asked within a second. */
  ready(): Promise<boolean>;
  close(): Promise<void>;
};

/** `abandoned`: the client went away, which says nothing of the subgraph. */
export type CallOutcome = 'answer' | 'abandoned' | SubgraphFailure;

export type SubgraphClientOptions = {
  readonly secret: string;
  readonly timeoutMs: number;
  readonly answerLimitBytes: number;
  /** Told of every call when it has ended. */
  readonly observe: (subgraph: string, outcome: CallOutcome, seconds: number) => void;
};

export const deadlineHeader = 'x-ordergraph-deadline';
const readinessTimeoutMs = 1_000;
const connectionsMax = 128;

export function createSubgraphClient(
  { name, url }: Subgraph,
  options: SubgraphClientOptions,
): SubgraphClient {
  // Time-outs are ours, per call and to the millisecond; the pool's own are coarser and start anew with every chunk.
  const pool = new Pool(url.origin, {
    connections: connectionsMax,
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  });

  const call = async (query: SubgraphQuery, context: RequestContext): Promise<SubgraphAnswer> => {
    const nowMs = Date.now();
    const deadlineMs = Math.min(nowMs + options.timeoutMs, context.deadlineMs);
    const timeout = AbortSignal.timeout(Math.max(0, deadlineMs - nowMs));
    try {
      const response = await pool.request({
        path: url.pathname + url.search,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json, application/json',
          [identityHeader]: signIdentity(context.caller.identity, options.secret, nowMs),
          [deadlineHeader]: String(deadlineMs),
          traceparent: traceparentOf(context.trace),
        },
        body: JSON.stringify(query),
        signal: context.signal ? AbortSignal.any([context.signal, timeout]) : timeout,
      });
      return answerFrom(await bounded(response.body, options.answerLimitBytes));
    } catch {
      return { kind: 'failure', code: timeout.aborted ? 'TIMEOUT' : 'SERVICE_UNAVAILABLE' };
    }
  };

  return {
    name,
    async send(query, context) {
      const started = performance.now();
      const answer = await call(query, context);
      const outcome = outcomeOf(answer, context);
      options.observe(name, outcome, (performance.now() - started) / 1000);
      return answer;
    },
    async ready() {
      try {
        const { statusCode, body } = await pool.request({
          path: '/health/ready',
          method: 'GET',
          signal: AbortSignal.timeout(readinessTimeoutMs),
        });
        await body.dump();
        return statusCode === 200;
      } catch {
        return false;
      }
    },
    close: () => pool.close(),
  };
}

function outcomeOf(answer: SubgraphAnswer, context: RequestContext): CallOutcome {
  if (answer.kind === 'answer') return 'answer';
  return context.signal?.aborted ? 'abandoned' : answer.code;
}

/** @throws Error if the body is longer than the limit; the connection is then given up. */
async function bounded(body: Dispatcher.ResponseData['body'], limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a body must come in buffers');
    length += chunk.length;
    if (length > limitBytes) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return (chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)).toString('utf8');
}

/**
 * Reads a GraphQL answer. The status is not looked at: an answer that is GraphQL says more than its status does.
 * @throws SyntaxError if it is not JSON
 */
function answerFrom(text: string): SubgraphAnswer {
  return parsedAnswer(JSON.parse(text));
}

/** The same for an answer that is already parsed, for example an event of a subscription. */
export function parsedAnswer(body: unknown): SubgraphAnswer {
  if (!isRecord(body)) return { kind: 'failure', code: 'SERVICE_UNAVAILABLE' };
  const { data = null, errors = [] } = body;
  const known = (data === null || isRecord(data)) && Array.isArray(errors);
  if (!known || (data === null && errors.length === 0)) {
    return { kind: 'failure', code: 'SERVICE_UNAVAILABLE' };
  }
  return { kind: 'answer', data, errors: errors.map(subgraphError) };
}
