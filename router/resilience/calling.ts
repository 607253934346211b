/**
 * A call to a subgraph as it passes through what protects it: `withRetries` around `withBreaker` around the attempt itself.
 * All three are functions of one form, with a callback at the end and no promise between, as almost every call goes
 * straight through.
 *
 * The breaker is inside. So it sees every attempt: a subgraph that fails every other time would look healthy if only the
 * last one of each call counted. And a second attempt has to pass it as well: nothing is repeated towards a subgraph that
 * is known to be failing, and a probe is one request.
 */
import type { SubgraphFailure } from '../errors.ts';
import type { RequestContext } from '../request.ts';
import type { AnswerOfSubgraph } from '../subgraph-exchange.ts';

/** A read may be sent again if it failed; a write is sent once, whatever becomes of it. */
export type CallKind = 'read' | 'write';

/**
 * What a failure says of its subgraph:
 * - `passing`: it is failing, but was not there or turned the call away at once; another attempt may do better;
 * - `failing`: it took the call and gave nothing that can be used, or not in the time it should have had;
 * - `nothing`: the caller went away, the operation's time was up, or it was the call that did not suit.
 */
export type Verdict = 'passing' | 'failing' | 'nothing';

export type CallFailure = {
  readonly kind: 'failure';
  readonly code: SubgraphFailure;
  readonly verdict: Verdict;
};

export type Call<R extends { readonly kind: string }> = {
  readonly kind: CallKind;
  readonly body: string;
  readonly context: RequestContext;
  /** If it is not for each attempt to have its own. */
  readonly traceparent: string | undefined;
  /** Epoch milliseconds: from when until when it may take, with all attempts. */
  readonly startedMs: number;
  readonly deadlineMs: number;
  /** Makes an answer of a body; undefined if it is none. */
  readonly read: (answer: AnswerOfSubgraph) => R | undefined;
};

/** Makes a call. `ended` is called once. */
export type Calling = <R extends { readonly kind: string }>(
  call: Call<R>,
  ended: (reply: R | CallFailure) => void,
) => void;

/** Told of what was done to calls. */
export type CallObserver = {
  breakerState(subgraph: string, state: BreakerState): void;
  /** A call was answered without asking the subgraph. */
  shortCircuited(subgraph: string): void;
  /** `sent`, or not as the budget was spent. */
  retry(subgraph: string, outcome: 'sent' | 'over_budget'): void;
};

export type BreakerState = 'closed' | 'half-open' | 'open';
