/**
 * Calls to one subgraph: JSON over a pool of kept-alive connections. A call never rejects and never lasts longer than
 * its time-out; whatever is wrong with an answer (status, size, form) ends as a failure with a public code. Of the
 * client's headers none goes down; the subgraph gets a signed identity, a trace and a deadline.
 */
import { anonymous, identityHeader, signIdentity } from '@ordergraph/platform/identity.ts';
import type { GraphQLFormattedError } from 'graphql';
import { Pool, type Dispatcher } from 'undici';
import { subgraphError, type SubgraphFailure } from './errors.ts';
import { isRecord, type RequestContext, type Variables } from './request.ts';
import type { Subgraph } from './supergraph.ts';
import { newSpanId, traceparentOf } from './trace.ts';

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

export type SubgraphCall = { readonly body: string; readonly context: RequestContext };

export type SubgraphClient = {
  readonly name: string;
  /** Sends a GraphQL request, given as JSON. */
  send(body: string, context: RequestContext): Promise<SubgraphAnswer>;
  /** Sends several as one call; the answers come in their order. Undefined if the subgraph takes one at a time. */
  readonly sendBatch?:
    | ((calls: readonly SubgraphCall[]) => Promise<readonly SubgraphAnswer[]>)
    | undefined;
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
  /** Whether it takes several operations as one call, each with its caller's identity in its `extensions`. */
  readonly batches?: boolean;
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
  const limitBytes = options.answerLimitBytes;
  // Time-outs are ours, per call and to the millisecond; the pool's own are coarser and start anew with every chunk.
  const pool = new Pool(url.origin, {
    connections: connectionsMax,
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  });

  const exchange = async (body: string, context: RequestContext): Promise<Reply> => {
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
        body,
        signal: context.signal ? AbortSignal.any([context.signal, timeout]) : timeout,
      });
      return { kind: 'json', json: JSON.parse(await bounded(response.body, limitBytes)) };
    } catch {
      return { kind: 'failure', code: timeout.aborted ? 'TIMEOUT' : 'SERVICE_UNAVAILABLE' };
    }
  };

  const sendBatch = async (calls: readonly SubgraphCall[]): Promise<readonly SubgraphAnswer[]> => {
    const started = performance.now();
    const context = contextOfAll(calls);
    const reply = await exchange(batchBody(calls, options.secret), context);
    const answers = answersIn(reply, calls.length);
    const failed = answers.find((answer) => answer.kind === 'failure');
    const outcome = failed ? failed.code : 'answer';
    options.observe(name, outcome, (performance.now() - started) / 1000);
    return answers;
  };

  return {
    name,
    async send(body, context) {
      const started = performance.now();
      const answer = answerIn(await exchange(body, context));
      const outcome = outcomeOf(answer, context);
      options.observe(name, outcome, (performance.now() - started) / 1000);
      return answer;
    },
    sendBatch: options.batches ? sendBatch : undefined,
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

/** What came: the status is not looked at, for an answer that is GraphQL says more than its status does. */
type Reply =
  | { readonly kind: 'json'; readonly json: unknown }
  | Extract<SubgraphAnswer, { kind: 'failure' }>;

function answerIn(reply: Reply): SubgraphAnswer {
  return reply.kind === 'json' ? parsedAnswer(reply.json) : reply;
}

function answersIn(reply: Reply, count: number): readonly SubgraphAnswer[] {
  if (reply.kind === 'json' && Array.isArray(reply.json) && reply.json.length === count) {
    return reply.json.map(parsedAnswer);
  }
  const failure =
    reply.kind === 'json' ? ({ kind: 'failure', code: 'SERVICE_UNAVAILABLE' } as const) : reply;
  return Array.from({ length: count }, () => failure);
}

/** Whoever waits longest: the others no longer listen when their own time is up. The call itself is nobody's. */
function contextOfAll(calls: readonly SubgraphCall[]): RequestContext {
  const [first] = calls;
  if (!first) throw new Error('a batch has a call');
  const deadlineMs = Math.max(...calls.map(({ context }) => context.deadlineMs));
  return {
    caller: { identity: anonymous, expiresAtMs: null },
    trace: first.context.trace,
    deadlineMs,
    signal: undefined,
  };
}

function batchBody(calls: readonly SubgraphCall[], secret: string): string {
  const nowMs = Date.now();
  const spanId = newSpanId();
  const bodies = calls.map(({ body, context: { caller, trace } }) => {
    const identity = signIdentity(caller.identity, secret, nowMs);
    const extensions = `{"identity":"${identity}","traceparent":"${traceparentOf(trace, spanId)}"}`;
    return `${body.slice(0, -1)},"extensions":${extensions}}`;
  });
  return `[${bodies.join(',')}]`;
}

/** A GraphQL answer, for example an event of a subscription. */
export function parsedAnswer(body: unknown): SubgraphAnswer {
  if (!isRecord(body)) return { kind: 'failure', code: 'SERVICE_UNAVAILABLE' };
  const { data = null, errors = [] } = body;
  const known = (data === null || isRecord(data)) && Array.isArray(errors);
  if (!known || (data === null && errors.length === 0)) {
    return { kind: 'failure', code: 'SERVICE_UNAVAILABLE' };
  }
  return { kind: 'answer', data, errors: errors.map(subgraphError) };
}
