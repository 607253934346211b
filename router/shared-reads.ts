/**
 * Identical queries that are under way at the same time are run once. Identical is what reads the same for the same caller:
 * the operation, its variables, and all that reaches a subgraph of who asks.
 *
 * Nobody is given what was read before something that they know of. A query joins one that has begun earlier, and so may be
 * answered by what a subgraph read earlier. When a caller is told of a change (a mutation is answered, an event is given),
 * what is under way for that caller takes nobody in any more.
 */
import type { Identity } from '@ordergraph/platform/identity.ts';
import type { Execution, Executor } from './executor.ts';
import type { PlannedOperation } from './operations.ts';
import type { Abandonment } from './request.ts';
import type { OperationResult } from './result.ts';

type Shared = {
  readonly result: Promise<OperationResult>;
  readonly readers: Readers;
  /** The deadline of all subgraph calls of it, in epoch milliseconds. */
  readonly deadlineMs: number;
};

/** A query under way for so long is joined by nobody: they would share its deadline, in milliseconds. */
const joinedForMs = 1_000;

export class SharedReads {
  /** By caller, then by operation, variables and the caller's rights. */
  readonly #underWay = new Map<string | null, Map<string, Shared>>();
  readonly #identities = new WeakMap<Identity, string>();
  readonly #numbers = new WeakMap<PlannedOperation, number>();
  #lastNumber = 0;
  readonly #joined: () => void;

  /** @param joined told of each query that needed no run of its own */
  constructor(joined: () => void) {
    this.#joined = joined;
  }

  /** The executor, with identical queries of one caller run once. */
  over(executor: Executor): Executor {
    return {
      execute: (execution) =>
        execution.operation.type === 'query'
          ? this.#read(execution, executor)
          : executor.execute(execution),
    };
  }

  /** The caller is about to learn of a change: what began before is not for those who ask from now on. */
  seen({ subject }: Identity): void {
    this.#underWay.delete(subject);
  }

  #read(execution: Execution, executor: Executor): Promise<OperationResult> {
    const { operation, variables, context } = execution;
    const { identity } = context.caller;
    const own = this.#underWay.get(identity.subject) ?? new Map<string, Shared>();
    const key = `${this.#numberOf(operation)}\n${this.#textOf(identity)}\n${JSON.stringify(variables)}`;
    const known = own.get(key);
    if (known && context.deadlineMs - known.deadlineMs < joinedForMs && !known.readers.aborted) {
      known.readers.add(context.signal);
      this.#joined();
      return known.result;
    }
    const readers = new Readers(context.signal);
    const result = executor.execute({ ...execution, context: { ...context, signal: readers } });
    const shared: Shared = { result, readers, deadlineMs: context.deadlineMs };
    own.set(key, shared);
    this.#underWay.set(identity.subject, own);
    const over = (): void => {
      if (own.get(key) === shared) own.delete(key);
      if (own.size === 0 && this.#underWay.get(identity.subject) === own) {
        this.#underWay.delete(identity.subject);
      }
    };
    result.then(over, over);
    return result;
  }

  #textOf(identity: Identity): string {
    const known = this.#identities.get(identity);
    if (known !== undefined) return known;
    const text = JSON.stringify(identity);
    this.#identities.set(identity, text);
    return text;
  }

  #numberOf(operation: PlannedOperation): number {
    const known = this.#numbers.get(operation);
    if (known !== undefined) return known;
    this.#lastNumber += 1;
    this.#numbers.set(operation, this.#lastNumber);
    return this.#lastNumber;
  }
}

/** All who wait for one query. It is abandoned when the last of them has gone. */
class Readers implements Abandonment {
  readonly #signals: Abandonment[] = [];
  #staying = false;

  constructor(signal: Abandonment | undefined) {
    this.add(signal);
  }

  add(signal: Abandonment | undefined): void {
    if (signal) this.#signals.push(signal);
    else this.#staying = true;
  }

  get aborted(): boolean {
    return !this.#staying && this.#signals.every(({ aborted }) => aborted);
  }
}
