/** Calls that a subgraph's circuit breaker lets through, and answers at once those that it does not. */
import type { BreakerState, CallFailure, Calling, CallObserver } from './calling.ts';
import type { CallEnd, CircuitBreaker } from './circuit-breaker.ts';

/** It was not asked, so nothing new is known of it; and there is no use in trying again. */
const notAsked: CallFailure = { kind: 'failure', code: 'SERVICE_UNAVAILABLE', verdict: 'nothing' };

export type BreakerParts = {
  readonly subgraph: string;
  readonly breaker: CircuitBreaker;
  readonly observer: CallObserver;
};

export function withBreaker(next: Calling, { subgraph, breaker, observer }: BreakerParts): Calling {
  let told: BreakerState | undefined;
  const tell = (): void => {
    const { state } = breaker;
    if (state === told) return;
    told = state;
    observer.breakerState(subgraph, state);
  };
  tell();

  return (call, ended) => {
    const pass = breaker.ask(performance.now());
    tell();
    if (pass === undefined) {
      observer.shortCircuited(subgraph);
      return ended(notAsked);
    }
    next(call, (reply) => {
      breaker.ended(pass, endOf(reply), performance.now());
      tell();
      ended(reply);
    });
  };
}

/** A subgraph that answers with errors is there: only those that give no GraphQL are failing. */
function endOf(reply: { readonly kind: string } | CallFailure): CallEnd {
  if (!('verdict' in reply)) return 'good';
  return reply.verdict === 'nothing' ? 'nothing' : 'failed';
}
