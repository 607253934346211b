/**
 * One request to a subgraph and what comes of it, by the pool's own callbacks: a stream, an iterator and two abort signals
 * for each call would cost more than all else that is done for it. What may happen, in this order: the request begins
 * (late, if the pool's connections are all taken), chunks come, and then one end: complete, failed, or given up. It is
 * given up when its time is up or its caller has gone; both are looked at for all of a pool's calls together.
 */
import type { Dispatcher } from 'undici';
import { publicForMs } from './cache/cache-header.ts';
import type { Abandonment } from './request.ts';
import type { CallFailure } from './resilience/calling.ts';

/** Whatever it is that a subgraph answered with. */
export type AnswerOfSubgraph = {
  readonly kind: 'text';
  readonly status: number;
  readonly text: string;
  /** For how long everybody may be given it, in milliseconds from now on; undefined if it is not for everybody. */
  readonly publicForMs: number | undefined;
};

export type Exchanged = AnswerOfSubgraph | CallFailure;

type Controller = Parameters<NonNullable<Dispatcher.DispatchHandler['onRequestStart']>>[0];
type ResponseHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

export type ExchangeBounds = {
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
  /** Aborted when the caller has gone. */
  readonly signal: Abandonment | undefined;
  readonly answerLimitBytes: number;
};

const lost: Exchanged = { kind: 'failure', code: 'SERVICE_UNAVAILABLE', verdict: 'passing' };
/** Its time was up. */
export const late: CallFailure = { kind: 'failure', code: 'TIMEOUT', verdict: 'failing' };
/** Too long an answer tells of what was asked: otherwise who asks for it could have the subgraph taken for dead. */
const notWanted: Exchanged = { kind: 'failure', code: 'SERVICE_UNAVAILABLE', verdict: 'nothing' };

export class Exchange implements Dispatcher.DispatchHandler {
  readonly bounds: ExchangeBounds;
  /** Where it is among the calls that are watched. */
  place = -1;
  readonly #ended: (exchanged: Exchanged) => void;
  #controller: Controller | undefined;
  #chunks: Buffer[] = [];
  #length = 0;
  #status = 0;
  #isOver = false;
  #publicForMs: number | undefined;
  readonly #askedAtMs = performance.now();

  /** `ended` is called once. */
  constructor(bounds: ExchangeBounds, ended: (exchanged: Exchanged) => void) {
    this.bounds = bounds;
    this.#ended = ended;
  }

  /** Gives up; the connection is lost with it if the request has begun. */
  giveUp(exchanged: Exchanged): void {
    this.#end(exchanged);
    this.#controller?.abort(new Error('given up'));
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    // It was given up while it waited for a connection.
    if (this.#isOver) controller.abort(new Error('given up'));
  }

  /** An answer that is GraphQL says more than its status does; that is for others to tell. */
  onResponseStart(_controller: Controller, status: number, headers: ResponseHeaders): void {
    this.#status = status;
    if (status === 200) this.#publicForMs = publicForMs(headers);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > this.bounds.answerLimitBytes) this.giveUp(notWanted);
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const whole = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#end({
      kind: 'text',
      status: this.#status,
      text: whole.toString('utf8'),
      publicForMs: this.#remainingMs(),
    });
  }

  /** What it tells was so at some time after it was asked. */
  #remainingMs(): number | undefined {
    if (this.#publicForMs === undefined) return undefined;
    const remaining = this.#publicForMs - (performance.now() - this.#askedAtMs);
    return remaining > 0 ? remaining : undefined;
  }

  onResponseError(): void {
    this.#end(lost);
  }

  #end(exchanged: Exchanged): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#chunks = [];
    this.#ended(exchanged);
  }
}

/** How far a call may last beyond its time, in milliseconds. */
const watchEveryMs = 10;

/**
 * The calls under way, so that one timer serves them all. They are in an array, in which each knows its place: a `Set` that
 * is added to and taken from all the time is made anew all the time, and each of its dead forms keeps what it held, and the
 * next form, until the next full collection. That made almost everything of a request survive it.
 */
export class ExchangeWatch {
  readonly #underWay: Exchange[] = [];
  #timer: NodeJS.Timeout | undefined;

  add(exchange: Exchange): void {
    exchange.place = this.#underWay.push(exchange) - 1;
    this.#timer ??= setTimeout(() => this.#look(), watchEveryMs);
  }

  /** Once for each that was added. */
  remove(exchange: Exchange): void {
    const last = this.#underWay.pop();
    if (!last || last === exchange) return;
    last.place = exchange.place;
    this.#underWay[exchange.place] = last;
  }

  #look(): void {
    const nowMs = Date.now();
    // Those that are given up leave the list, and the last one comes in their place.
    for (const exchange of this.#underWay.toReversed()) {
      const { deadlineMs, signal } = exchange.bounds;
      if (nowMs >= deadlineMs) exchange.giveUp(late);
      else if (signal?.aborted) exchange.giveUp(notWanted);
    }
    if (this.#underWay.length > 0) this.#timer?.refresh();
    else this.#timer = undefined;
  }
}
