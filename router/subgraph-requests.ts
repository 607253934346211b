/**
 * Calls to one subgraph: JSON over pools of kept-alive connections. A call never rejects and never lasts longer than
 * its time-out, with all its attempts (`resilience/calling.ts`); whatever is wrong with an answer (status, size, form)
 * ends as a failure with a public code. Of the client's headers none goes down; the subgraph gets a signed identity, a
 * trace and a deadline.
 */
import { identityHeader } from '@ordergraph/platform/identity.ts';
import type { GraphQLFormattedError } from 'graphql';
import { Pool } from 'undici';
import { subgraphError, type SubgraphFailure } from './errors.ts';
import { isRecord, type RequestContext, type Variables } from './request.ts';
import type { CallFailure, CallKind, Calling, Verdict } from './resilience/calling.ts';
import { Statements } from './statements.ts';
import {
  Exchange,
  ExchangeWatch,
  late,
  type AnswerOfSubgraph,
  type Exchanged,
} from './subgraph-exchange.ts';
import type { Subgraph } from './supergraph.ts';
import { callOfAll } from './subgraph-batch.ts';
import { traceparentOf } from './trace.ts';
import { beginFetch, endFetch, fetchOutcome } from './tracing/fetch-span.ts';

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

export type SubgraphCall = {
  readonly body: string;
  readonly context: RequestContext;
  readonly kind: CallKind;
  /** Of several as one call; otherwise each attempt has its own. */
  readonly traceparent?: string | undefined;
};

export type SubgraphClient = {
  readonly name: string;
  /** Sends a GraphQL request, given as JSON. A read may be sent more than once. */
  send(body: string, context: RequestContext, kind: CallKind): Promise<SubgraphAnswer>;
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
  /** For one call with all its attempts. */
  readonly timeoutMs: number;
  readonly answerLimitBytes: number;
  /** Whether it takes several operations as one call, each with its caller's identity in its `extensions`. */
  readonly batches?: boolean;
  /** Told of every attempt when it has ended. */
  readonly observe: (subgraph: string, outcome: CallOutcome, seconds: number) => void;
  /** What is put around the attempts of calls to a subgraph. */
  readonly guard: (subgraph: string, attempt: Calling) => Calling;
};

export const deadlineHeader = 'x-ordergraph-deadline';
const readinessTimeoutMs = 1_000;
const untraced: readonly undefined[] = [];
/** Writes have connections of their own, so that they do not queue behind reads when a subgraph is slow. */
const connectionsMax: Readonly<Record<CallKind, number>> = { read: 128, write: 32 };

export function createSubgraphClient(
  { name, url }: Subgraph,
  options: SubgraphClientOptions,
): SubgraphClient {
  const { timeoutMs, answerLimitBytes, observe } = options;
  const pools = { read: poolTo(url, 'read'), write: poolTo(url, 'write') };
  const path = url.pathname + url.search;
  const watch = new ExchangeWatch();
  const statements = new Statements(options.secret);

  const attempt: Calling = (call, ended) => {
    const { context, deadlineMs, body, kind } = call;
    const nowMs = Date.now();
    if (nowMs >= deadlineMs) return ended(tooLate);
    const started = performance.now();
    // Calls of a batch have their spans already, each in its own trace.
    const span = call.traceparent === undefined ? beginFetch(name, call) : undefined;
    const exchange = new Exchange(
      { deadlineMs, signal: context.signal, answerLimitBytes },
      (exchanged) => {
        watch.remove(exchange);
        const isCutShort = deadlineMs - nowMs < timeoutMs / 2;
        const reply = exchanged === late && isCutShort ? tooLate : replyIn(exchanged, call.read);
        const outcome = outcomeOf(reply, context);
        observe(name, outcome, (performance.now() - started) / 1000);
        if (span) endFetch(span, isAnswer(reply) ? fetchOutcome(reply) : outcome, exchanged);
        ended(reply);
      },
    );
    watch.add(exchange);
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
      call.traceparent ?? traceparentOf(span?.trace ?? context.trace),
    ];
    pools[kind].dispatch({ path, method: 'POST', headers, body }, exchange);
  };

  const guarded = options.guard(name, attempt);
  const call = <R extends { readonly kind: string }>(
    { body, context, kind, traceparent }: SubgraphCall,
    read: (answer: AnswerOfSubgraph) => R | undefined,
  ): Promise<R | CallFailure> =>
    new Promise((ended) => {
      const startedMs = Date.now();
      const deadlineMs = Math.min(startedMs + timeoutMs, context.deadlineMs);
      guarded({ kind, body, context, traceparent, startedMs, deadlineMs, read }, ended);
    });

  const sendBatch = async (calls: readonly SubgraphCall[]): Promise<readonly SubgraphAnswer[]> => {
    const spans = calls.some(({ context }) => context.trace.span)
      ? calls.map((one) => beginFetch(name, one, calls.length))
      : untraced;
    const together = callOfAll(calls, spans, statements);
    const reply = await call(together, ({ text }) => answersIn(text, calls.length));
    const answers = reply.kind === 'answers' ? reply.answers : calls.map(() => reply);
    for (const [i, span] of spans.entries()) {
      const answer = answers[i];
      if (span && answer) endFetch(span, fetchOutcome(answer));
    }
    return answers;
  };

  return {
    name,
    send: (body, context, kind) => call({ body, context, kind }, answerIn),
    sendBatch: options.batches ? sendBatch : undefined,
    async ready() {
      try {
        const { statusCode, body } = await pools.read.request({
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
    close: async () => {
      await Promise.all([pools.read.close(), pools.write.close()]);
    },
  };
}

/** Time-outs are ours, per call and to the millisecond; a pool's own are coarser and start anew with every chunk. */
function poolTo(url: URL, kind: CallKind): Pool {
  return new Pool(url.origin, {
    connections: connectionsMax[kind],
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  });
}

/** The operation's time was up, which says little of the subgraph that was asked last. */
const tooLate: CallFailure = { kind: 'failure', code: 'TIMEOUT', verdict: 'nothing' };

/** An answer that is GraphQL says more than its status does; where it is none, the status says what to make of it. */
function replyIn<R>(
  exchanged: Exchanged,
  read: (answer: AnswerOfSubgraph) => R | undefined,
): R | CallFailure {
  if (exchanged.kind === 'failure') return exchanged;
  const answer = read(exchanged);
  if (answer !== undefined) return answer;
  return { kind: 'failure', code: 'SERVICE_UNAVAILABLE', verdict: verdictOn(exchanged.status) };
}

function verdictOn(status: number): Verdict {
  if (status === 502 || status === 503 || status === 504) return 'passing';
  return status >= 400 && status < 500 ? 'nothing' : 'failing';
}

function outcomeOf(
  reply: { readonly kind: string } | CallFailure,
  { signal }: RequestContext,
): CallOutcome {
  if (!('verdict' in reply)) return 'answer';
  return signal?.aborted ? 'abandoned' : reply.code;
}

type Answered = Extract<SubgraphAnswer, { readonly kind: 'answer' }>;

function isAnswer(reply: { readonly kind: string }): reply is Answered {
  return reply.kind === 'answer';
}

function answerIn({ text, publicForMs }: AnswerOfSubgraph): Answered | undefined {
  const answer = parsedAnswer(json(text));
  if (answer.kind !== 'answer') return undefined;
  const isClean = answer.errors.length === 0;
  return isClean && publicForMs !== undefined ? { ...answer, publicForMs } : answer;
}

type AllAnswered = { readonly kind: 'answers'; readonly answers: readonly SubgraphAnswer[] };

/** One may be rubbish, but not all. */
function answersIn(text: string, count: number): AllAnswered | undefined {
  const values = json(text);
  if (!Array.isArray(values) || values.length !== count) return undefined;
  const answers = values.map(parsedAnswer);
  return answers.some(({ kind }) => kind === 'answer') ? { kind: 'answers', answers } : undefined;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
