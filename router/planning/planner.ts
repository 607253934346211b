/**
 * Plans operations over the supergraph, on a thread of its own: there are operations of a few hundred bytes whose plan
 * takes minutes and all memory, and the thread that serves must not feel it. The protocol:
 *
 * - Orders wait in one bounded queue; the thread has one at a time, so that each has its full time.
 * - An order not answered in time is refused as too complex, and the thread is ended and replaced. The others go on
 *   waiting for the new one. The same operation is refused at once for a while after.
 * - A thread that dies by itself, by memory for example, is replaced likewise; its order counts as too complex. One that
 *   cannot even start is tried again after a pause.
 *
 * A plan does not depend on the values of variables, so it can be kept.
 */
import { Worker } from 'node:worker_threads';
import { fault } from '@ordergraph/platform/errors.ts';
import type { QueryPlan } from '@apollo/query-planner';
import { print, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import { BoundedCache } from '../bounded-cache.ts';
import { asksForData } from './empty-plan.ts';
import type { PlanningAnswer, PlanningOrder, PlanningThreadData } from './planning-thread.ts';

export type { FetchNode, PlanNode, QueryPlan, SubscriptionNode } from '@apollo/query-planner';

export type Planner = {
  /**
   * Plans a valid operation.
   * @throws QUERY_TOO_COMPLEX if that takes too long, SERVICE_UNAVAILABLE if too many wait; PlanningFailed
   */
  plan(document: DocumentNode, operation: OperationDefinitionNode): Promise<QueryPlan>;
  close(): Promise<void>;
};

export type PlannerOptions = {
  /** The composed supergraph. */
  readonly sdl: string;
  /** How long one plan may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Plans for the stock executor, which knows nothing of our changes to schema and operation. */
  readonly exact: boolean;
};

/** The planner finds no way to a field, or none at all: a fault of the supergraph, not of the client. */
export class PlanningFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PlanningFailed';
  }
}

/** How many operations may wait for their plan. */
const waitingMax = 1_000;
/** How long a thread may take to come up, and the pause after one that did not, in milliseconds. */
const startTimeoutMs = 30_000;
const restartPauseMs = 1_000;
/** For how long an operation that was too complex is refused without another try, in milliseconds. */
const refusedForMs = 60_000;
const heapMaxMb = 1_024;
const refusedMax = 1_000;
const refusedCharactersMax = 1024 * 1024;

type Waiting = PromiseWithResolvers<QueryPlan> & { readonly order: PlanningOrder };

export function createPlanner(options: PlannerOptions): Planner {
  const refused = new BoundedCache<number>(refusedMax, refusedCharactersMax);
  const thread = new PlanningThread(options, (order) => {
    refused.set(keyOf(order), Date.now() + refusedForMs);
  });
  return {
    async plan(document, operation) {
      const order = { operation: print(document), name: operation.name?.value };
      if ((refused.get(keyOf(order)) ?? 0) > Date.now()) throw tooComplex();
      const plan = await thread.plan(order);
      if (!plan.node && asksForData(operation.selectionSet, document)) {
        throw new PlanningFailed('The plan is empty for an operation that asks for data.');
      }
      return plan;
    },
    close: () => thread.close(),
  };
}

class PlanningThread {
  readonly #options: PlannerOptions;
  readonly #onTooComplex: (order: PlanningOrder) => void;
  #worker: Worker;
  #ready = false;
  #closed = false;
  #current: Waiting | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #waiting: Waiting[] = [];

  constructor(options: PlannerOptions, onTooComplex: (order: PlanningOrder) => void) {
    this.#options = options;
    this.#onTooComplex = onTooComplex;
    this.#worker = this.#start();
  }

  plan(order: PlanningOrder): Promise<QueryPlan> {
    if (this.#closed || this.#waiting.length >= waitingMax) return Promise.reject(busy());
    const waiting = { ...Promise.withResolvers<QueryPlan>(), order };
    this.#waiting.push(waiting);
    this.#next();
    return waiting.promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { reject } of this.#waiting.splice(0)) reject(busy());
    this.#current?.reject(busy());
    await this.#worker.terminate();
  }

  #start(): Worker {
    const { sdl, exact } = this.#options;
    const workerData: PlanningThreadData = { sdl, exact };
    const worker = new Worker(new URL('./planning-thread.ts', import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: heapMaxMb },
    });
    // It must not keep a process alive that has nothing else to do.
    worker.unref();
    worker.on('message', (answer: PlanningAnswer) => {
      if (worker === this.#worker) this.#answered(answer);
    });
    // What it died of is also told by 'error'; without a listener that would end the process.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (worker === this.#worker && !this.#closed) this.#replace();
    });
    this.#timer = setTimeout(() => this.#replace(), startTimeoutMs).unref();
    return worker;
  }

  #answered(answer: PlanningAnswer): void {
    clearTimeout(this.#timer);
    const current = this.#current;
    this.#current = undefined;
    this.#ready = true;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own thread wrote it
    if (answer.kind === 'plan') current?.resolve(JSON.parse(answer.plan) as QueryPlan);
    if (answer.kind === 'failed') current?.reject(new PlanningFailed(answer.message));
    this.#next();
  }

  #next(): void {
    if (!this.#ready || this.#current) return;
    this.#current = this.#waiting.shift();
    if (!this.#current) return;
    this.#timer = setTimeout(() => this.#replace(), this.#options.timeoutMs);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(this.#current.order);
  }

  /** Ends the thread, with what it was at, and starts another. */
  #replace(): void {
    clearTimeout(this.#timer);
    void this.#worker.terminate();
    const current = this.#current;
    this.#current = undefined;
    if (current) {
      this.#onTooComplex(current.order);
      current.reject(tooComplex());
    }
    if (this.#ready) {
      this.#ready = false;
      this.#worker = this.#start();
      return;
    }
    // It cannot start: those who wait would wait for ever.
    for (const { reject } of this.#waiting.splice(0)) reject(busy());
    this.#timer = setTimeout(() => {
      this.#worker = this.#start();
    }, restartPauseMs).unref();
  }
}

function keyOf({ operation, name }: PlanningOrder): string {
  return `${name ?? ''}\n${operation}`;
}

function tooComplex() {
  return fault('QUERY_TOO_COMPLEX', 'The operation is too complex.');
}

function busy() {
  return fault('SERVICE_UNAVAILABLE', 'Too many new operations at once: try again.');
}
