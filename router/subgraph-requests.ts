/**
 * Calls to one subgraph: JSON over a pool of kept-alive connections. A call never rejects and never lasts longer than
 * its time-out; whatever is wrong with an answer (status, size, form) ends as a failure with a public code. Of the
 * client's headers none goes down; the subgraph gets a signed identity, a trace and a deadline.
 */
import { anonymous, identityHeader } from '@ordergraph/platform/identity.ts';
import type { GraphQLFormattedError } from 'graphql';
import { Pool } from 'undici';
import { subgraphError, type SubgraphFailure } from './errors.ts';
import { isRecord, type RequestContext, type Variables } from './request.ts';
import { Statements } from './statements.ts';
import { Exchange, ExchangeWatch, type Exchanged } from './subgraph-exchange.ts';
import type { Subgraph } from './supergraph.ts';
import { newSpanId, traceparentOf } from './trace.ts';

export type SubgraphAnswer =
  | {
      readonly kind: 'answer';
      readonly data: Record<string, unknown> | null;
      readonly errors: readonly GraphQLFormattedError[];
      /** For how long everybody may be given it, in milliseconds from now on; undefined if it is not for everybody. */
      readonly publicForMs?: number | undefined;
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
  // Time-outs are ours, per call and to the millisecond; the pool's own are coarser and start anew with every chunk.
  const pool = new Pool(url.origin, {
    connections: connectionsMax,
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  });

  const path = url.pathname + url.search;
  const watch = new ExchangeWatch();
  const statements = new Statements(options.secret);

  const exchange = (body: string, context: RequestContext): Promise<Exchanged> =>
    new Promise((resolve) => {
      const nowMs = Date.now();
      const deadlineMs = Math.min(nowMs + options.timeoutMs, context.deadlineMs);
      const call = new Exchange(
        { deadlineMs, signal: context.signal, answerLimitBytes: options.answerLimitBytes },
        (exchanged) => {
          watch.remove(call);
          resolve(exchanged);
        },
      );
      watch.add(call);
      const headers = [
        'content-type',
        'application/json',
        'accept',
        'application/graphql-response+json, application/json',
        identityHeader,
        statements.of(context.caller.identity, nowMs),
        deadlineHeader,
        String(deadlineMs),
        'traceparent',
        traceparentOf(context.trace),
      ];
      pool.dispatch({ path, method: 'POST', headers, body }, call);
    });

  const sendBatch = async (calls: readonly SubgraphCall[]): Promise<readonly SubgraphAnswer[]> => {
    const started = performance.now();
    const context = contextOfAll(calls);
    const reply = await exchange(batchBody(calls, statements), context);
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

function answerIn(exchanged: Exchanged): SubgraphAnswer {
  if (exchanged.kind === 'failure') return exchanged;
  const answer = parsedAnswer(json(exchanged.text));
  const { publicForMs } = exchanged;
  const isClean = answer.kind === 'answer' && answer.errors.length === 0;
  return isClean && publicForMs !== undefined ? { ...answer, publicForMs } : answer;
}

function answersIn(exchanged: Exchanged, count: number): readonly SubgraphAnswer[] {
  const answers = exchanged.kind === 'text' ? json(exchanged.text) : undefined;
  if (Array.isArray(answers) && answers.length === count) return answers.map(parsedAnswer);
  const failure: SubgraphAnswer =
    exchanged.kind === 'failure' ? exchanged : { kind: 'failure', code: 'SERVICE_UNAVAILABLE' };
  return Array.from({ length: count }, () => failure);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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

function batchBody(calls: readonly SubgraphCall[], statements: Statements): string {
  const nowMs = Date.now();
  const spanId = newSpanId();
  const bodies = calls.map(({ body, context: { caller, trace } }) => {
    const identity = statements.of(caller.identity, nowMs);
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
