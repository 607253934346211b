/**
 * What stands between a request and its plan, on every transport alike:
 *
 *   a bucket known to be empty → (reading, validation) → rights → cost → the bucket
 *
 * What a caller may not see is gone from the operation before its cost is counted. A request that is refused before it
 * has a cost is charged a little, so that nobody sends nonsense for nothing. The answer, and each event of a stream, is
 * completed by what was left out, and charged for what it really cost.
 */
import type { GraphQLFormattedError } from 'graphql';
import type { OperationCosts } from './cost/operation-costs.ts';
import { tooComplex } from './limits.ts';
import type { ValidOperation } from './operations.ts';
import type { Account, Charged, RateLimiter, ThrottleStatus } from './rate-limit/rate-limiter.ts';
import type { Caller, OperationRequest, Variables } from './request.ts';
import type { ObjectCounts, OperationResult } from './result.ts';
import type { Permitted, Rights } from './rights/rights.ts';
import { StreamedResult, type ResultStream, type StreamSink } from './streams/result-stream.ts';

export type AdmissionParts = {
  readonly rights: Rights;
  readonly costs: OperationCosts;
  /** What one operation may cost at most, whoever asks. */
  readonly costMax: number;
  /** Undefined where nobody is limited. */
  readonly limiter: RateLimiter | undefined;
};

export type Admission = {
  /** @throws THROTTLED if nothing can be asked at the moment */
  begin(request: OperationRequest, caller: Caller): Visit;
  /**
   * What of an operation a caller may have, at no charge: for a stream that is paid for already.
   * @throws RequestRefused
   */
  permitted(operation: ValidOperation, variables: Variables, caller: Caller): ValidOperation;
};

/** One request on its way. */
export type Visit = {
  /**
   * @param variables coerced
   * @throws RequestRefused, QUERY_TOO_COMPLEX, THROTTLED, or BAD_USER_INPUT for a list that is not sliced as it must be
   */
  admit(operation: ValidOperation, variables: Variables): Promise<Admitted>;
  /** The request was refused before it had come so far. */
  refused(): void;
};

export type Admitted = {
  /** To be planned and run in place of the one that was asked. */
  readonly operation: ValidOperation;
  /** What it costs, as far as that is known. */
  readonly cost: number;
  /** The answer as its client gets it. */
  finished(result: OperationResult): OperationResult;
  watched(stream: ResultStream): ResultStream;
};

/** What a request costs that is refused before its own cost is known. */
const refusedCost = 1;

export function createAdmission(parts: AdmissionParts): Admission {
  const { rights, costs, costMax, limiter } = parts;

  const permitted = (asked: ValidOperation, variables: Variables, { identity }: Caller) => {
    const rest = rights.permit(asked, variables, identity);
    const requested = costs.estimate(rest.operation, variables);
    if (requested > costMax) throw tooComplex();
    return { rest, requested };
  };

  return {
    permitted: (asked, variables, { identity }) =>
      rights.permit(asked, variables, identity).operation,
    begin(request, caller) {
      const account = limiter?.account(caller, caller.address ?? '');
      account?.refuseIfEmpty();
      const refused = (): void => account?.spend(refusedCost);
      return {
        refused,
        async admit(asked, variables) {
          const { rest, requested } = orElse(() => permitted(asked, variables, caller), refused);
          const charged = await account?.charge(requested);
          return new Admittance(rest, {
            requested,
            charged,
            account,
            isTold: request.extensions['cost'] === true,
            actual: (objects) => (objects ? costs.actual(objects, variables) : requested),
          });
        },
      };
    },
  };
}

/** What an attempt gives; if it throws, something is done before that goes on. */
function orElse<T>(attempt: () => T, onError: () => void): T {
  try {
    return attempt();
  } catch (error) {
    onError();
    throw error;
  }
}

type Billing = {
  readonly requested: number;
  readonly charged: Charged | undefined;
  readonly account: Account | undefined;
  /** Whether the client wants to know. */
  readonly isTold: boolean;
  readonly actual: (objects: ObjectCounts | undefined) => number;
};

class Admittance implements Admitted {
  readonly operation: ValidOperation;
  readonly billing: Billing;
  #actual: number | undefined;
  readonly #complete: Permitted['complete'];

  constructor({ operation, complete }: Permitted, billing: Billing) {
    this.operation = operation;
    this.billing = billing;
    this.#complete = complete;
  }

  get cost(): number {
    return this.#actual ?? this.billing.requested;
  }

  finished(result: OperationResult): OperationResult {
    const { charged, actual } = this.billing;
    const cost = actual(result.objects);
    this.#actual = cost;
    return this.told(result, cost, charged?.settle(cost));
  }

  watched(stream: ResultStream): ResultStream {
    const { account, isTold } = this.billing;
    return account || isTold || this.#complete ? new WatchedStream(stream, this) : stream;
  }

  /** The result as its client gets it. */
  told(
    result: OperationResult,
    actual: number,
    throttleStatus: ThrottleStatus | undefined,
  ): OperationResult {
    // What was left out was not for everybody: neither is the rest, together with that.
    const completed = this.#complete
      ? { ...this.#complete(result), publicForMs: undefined }
      : result;
    const { isTold, requested } = this.billing;
    if (!isTold) return completed;
    const cost = { requested, actual, ...(throttleStatus ? { throttleStatus } : {}) };
    // What somebody has left to spend is nobody else's.
    const extensions = { ...completed.extensions, cost };
    return { ...completed, extensions, publicForMs: undefined };
  }
}

/** A stream whose events are paid for: the first by the subscription itself. Whoever owes too much reads no further. */
class WatchedStream implements ResultStream, StreamSink {
  readonly #stream: ResultStream;
  readonly #admittance: Admittance;
  #sink: StreamSink | undefined;
  #isPaid = true;

  constructor(stream: ResultStream, admittance: Admittance) {
    this.#stream = stream;
    this.#admittance = admittance;
  }

  start(sink: StreamSink): void {
    this.#sink = sink;
    this.#stream.start(this);
  }

  resume(): void {
    this.#stream.resume();
  }

  stop(told?: readonly GraphQLFormattedError[]): void {
    this.#stream.stop(told);
  }

  next(streamed: StreamedResult): boolean {
    const { account, charged, actual } = this.#admittance.billing;
    const cost = actual(streamed.result.objects);
    const status = this.#isPaid ? charged?.settle(cost) : undefined;
    if (!this.#isPaid) account?.spend(cost);
    this.#isPaid = false;
    const result = this.#admittance.told(streamed.result, cost, status);
    // One that is the same for all its readers is written once.
    const own = result === streamed.result ? streamed : new StreamedResult(result, streamed.cursor);
    const goesOn = this.#sink?.next(own) ?? false;
    if (!account?.isOverdrawn()) return goesOn;
    const errors = [withCursor(account.throttled().toJSON(), streamed.cursor)];
    this.#stream.stop(errors);
    this.#sink?.failed(errors);
    return false;
  }

  complete(): void {
    this.#sink?.complete();
  }

  failed(errors: readonly GraphQLFormattedError[]): void {
    this.#sink?.failed(errors);
  }
}

function withCursor(
  error: GraphQLFormattedError,
  cursor: string | undefined,
): GraphQLFormattedError {
  if (cursor === undefined) return error;
  return { ...error, extensions: { ...error.extensions, cursor } };
}
