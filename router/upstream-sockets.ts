/**
 * One `graphql-transport-ws` socket per subgraph carries all its subscriptions. It speaks the client's side of the protocol
 * itself: a client library would connect again and subscribe anew in silence, which loses what happened in between, and
 * costs several times as much for each subscription.
 *
 * | state      | subscribe        | acknowledged     | lost, or could not connect           | nothing left     |
 * | ---------- | ---------------- | ---------------- | ------------------------------------ | ---------------- |
 * | idle       | connecting       | –                | –                                    | –                |
 * | connecting | waits            | open, sends all  | waiting are lost; pausing or idle (1)| –                |
 * | open       | sent this turn   | –                | all sent are lost; then as above     | idle after a bit |
 * | pausing    | waits (2)        | –                | –                                    | idle             |
 *
 * 1. Pausing if some of those that wait are patient: they wait until their own time is up. The others are told at once.
 * 2. One that is not patient ends the pause soon, so that it need not wait for long to learn that nobody is there.
 *
 * Whoever was sent is lost with its socket, whatever code that was closed with; a dead subgraph never looks like a
 * completion. Subscriptions go out at the end of a turn, some hundreds at a time, so that thousands that come back after
 * a restart neither hold up the router nor flood the subgraph.
 */
import type { Duplex } from 'node:stream';
import { anonymous, signIdentity } from '@ordergraph/platform/identity.ts';
import type { GraphQLFormattedError } from 'graphql';
import { WebSocket, type RawData } from 'ws';
import { subgraphError } from './errors.ts';
import { isRecord, type Variables } from './request.ts';
import { backOffMs } from './streams/back-off.ts';
import type { Subgraph } from './supergraph.ts';

/** The payload of a subscribe message. */
export type UpstreamRequest = {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Variables;
  readonly extensions: Variables;
};

/** Whoever subscribes is told: that it is sent, events, then one end. Nothing of this while `subscribe` runs. */
export type UpstreamSubscription = {
  /** It is about to be sent, with what is given back. */
  sent(): UpstreamRequest;
  /** @param message the whole message that brought the event */
  event(payload: unknown, message: string): void;
  complete(): void;
  /** The subgraph refused or ended the subscription with these errors. */
  refused(errors: readonly GraphQLFormattedError[]): void;
  /** The connection failed, before it was sent or after. */
  lost(): void;
};

export type UpstreamSocket = {
  readonly address: string;
  /**
   * Starts a subscription; gives its id.
   * @param untilMs when to give up waiting for a connection, in epoch milliseconds; after the first attempt by default
   */
  subscribe(subscription: UpstreamSubscription, untilMs?: number): number;
  /** Ends a subscription, which is told nothing more. */
  unsubscribe(id: number): void;
  close(): void;
};

type Waiting = { readonly subscription: UpstreamSubscription; readonly untilMs: number };

export type UpstreamTiming = {
  /** How long connecting may take, and then the acknowledgement. */
  readonly connectMs: number;
  /** How often a subgraph is asked whether it lives, and how long it may take to answer. */
  readonly keepAliveMs: number;
  readonly pongMs: number;
  /** How long a connection is kept that carries nothing. */
  readonly idleMs: number;
};

const usualTiming: UpstreamTiming = {
  connectMs: 5_000,
  keepAliveMs: 10_000,
  pongMs: 5_000,
  idleMs: 1_000,
};
/** The least time between two attempts to connect. */
const attemptEveryMs = 50;
/** A socket that was open for so long was no mere attempt. */
const steadyMs = 5_000;
const eventLimitBytes = 16 * 1024 * 1024;
/** Subscriptions sent in one turn, and how much may wait to be written before more are. */
const sentPerTurnMax = 256;
const bufferedMaxBytes = 1024 * 1024;
/** Messages that come in one turn before the others have theirs. */
const receivedPerTurnMax = 256;

/** `secret` signs identities for the subgraph. */
export function createUpstreamSocket(
  subgraph: Subgraph,
  secret: string,
  timing: UpstreamTiming = usualTiming,
): UpstreamSocket {
  return new SharedSocket(subgraph, secret, timing);
}

class SharedSocket implements UpstreamSocket {
  readonly address: string;
  readonly #secret: string;
  readonly #timing: UpstreamTiming;
  readonly #waiting = new Map<number, Waiting>();
  readonly #sent = new Map<number, UpstreamSubscription>();
  #lastId = 0;
  #connection: Connection | undefined;
  /** Undefined while it is not open. */
  #openedAtMs: number | undefined;
  #failures = 0;
  #pause: NodeJS.Timeout | undefined;
  #pauseEndsAtMs = 0;
  #idle: NodeJS.Timeout | undefined;
  #isSending = false;
  #isClosed = false;

  constructor({ url }: Subgraph, secret: string, timing: UpstreamTiming) {
    const address = new URL(url);
    address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.address = address.href;
    this.#secret = secret;
    this.#timing = timing;
  }

  subscribe(subscription: UpstreamSubscription, untilMs = 0): number {
    const id = (this.#lastId += 1);
    this.#waiting.set(id, { subscription, untilMs });
    clearTimeout(this.#idle);
    this.#idle = undefined;
    if (this.#openedAtMs !== undefined) this.#sendSoon();
    else if (!this.#connection) this.#connectIn(untilMs === 0 ? attemptEveryMs : undefined);
    return id;
  }

  unsubscribe(id: number): void {
    if (this.#sent.delete(id)) this.#connection?.send({ id: String(id), type: 'complete' });
    else this.#waiting.delete(id);
    this.#restIfNothingLeft();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    clearTimeout(this.#idle);
    this.#connection?.terminate();
  }

  /** Connects at once if nothing has failed lately, or else after a pause; a pause under way is only ever shortened. */
  #connectIn(pauseMs = backOffMs(this.#failures)): void {
    if (this.#isClosed) return;
    if (this.#failures === 0) return this.#connect();
    const endsAtMs = Date.now() + pauseMs;
    if (this.#pause && this.#pauseEndsAtMs <= endsAtMs) return;
    clearTimeout(this.#pause);
    this.#pauseEndsAtMs = endsAtMs;
    this.#pause = setTimeout(() => this.#connect(), pauseMs);
  }

  #connect(): void {
    this.#pause = undefined;
    const connection: Connection = new Connection(this.address, this.#timing, {
      init: () => ({ identity: signIdentity(anonymous, this.#secret, Date.now()) }),
      acknowledged: () => {
        this.#openedAtMs = Date.now();
        this.#send();
        this.#restIfNothingLeft();
      },
      received: (message, text) => this.#receive(message, text),
      closed: () => {
        if (connection === this.#connection) this.#lost();
      },
    });
    this.#connection = connection;
  }

  #lost(): void {
    const nowMs = Date.now();
    const openedAtMs = this.#openedAtMs;
    this.#openedAtMs = undefined;
    this.#connection = undefined;
    clearTimeout(this.#idle);
    this.#idle = undefined;
    const held = openedAtMs !== undefined && nowMs - openedAtMs >= steadyMs;
    this.#failures = held ? 1 : this.#failures + 1;
    const lost = [...this.#sent.values()];
    this.#sent.clear();
    // What began to wait while an open socket closed goes to the next one, and is not lost with this one.
    if (openedAtMs === undefined) lost.push(...this.#givenUp(nowMs));
    this.#connectIn();
    for (const subscription of lost) subscription.lost();
    this.#restIfNothingLeft();
  }

  #givenUp(nowMs: number): readonly UpstreamSubscription[] {
    const late = [...this.#waiting].filter(([, { untilMs }]) => untilMs <= nowMs);
    for (const [id] of late) this.#waiting.delete(id);
    return late.map(([, { subscription }]) => subscription);
  }

  #sendSoon(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    setImmediate(() => {
      this.#isSending = false;
      this.#send();
    });
  }

  #send(): void {
    const connection = this.#connection;
    if (this.#openedAtMs === undefined || !connection) return;
    let room = sentPerTurnMax;
    connection.together(() => {
      for (const [id, { subscription }] of this.#waiting) {
        if (room === 0 || connection.bufferedBytes > bufferedMaxBytes) break;
        room -= 1;
        this.#waiting.delete(id);
        this.#sent.set(id, subscription);
        connection.send({ id: String(id), type: 'subscribe', payload: subscription.sent() });
      }
    });
    if (this.#waiting.size > 0) this.#sendSoon();
  }

  #receive(message: Readonly<Record<string, unknown>>, text: string): void {
    const id = Number(message['id']);
    const subscription = this.#sent.get(id);
    // It may have been ended while this was on its way.
    if (!subscription) return;
    const { type, payload } = message;
    if (type === 'next') {
      // Without data it is no event: this is how a subscription is answered that could not begin.
      const refusal =
        isRecord(payload) && payload['data'] === undefined ? payload['errors'] : undefined;
      if (!refusal) return subscription.event(payload, text);
      this.unsubscribe(id);
      return subscription.refused(errorsIn(refusal));
    }
    this.#sent.delete(id);
    if (type === 'complete') subscription.complete();
    else subscription.refused(errorsIn(payload));
    this.#restIfNothingLeft();
  }

  #restIfNothingLeft(): void {
    if (this.#sent.size > 0 || this.#waiting.size > 0) return;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    if (this.#openedAtMs === undefined || this.#idle) return;
    this.#idle = setTimeout(() => {
      const connection = this.#connection;
      this.#connection = undefined;
      this.#openedAtMs = undefined;
      this.#idle = undefined;
      this.#failures = 0;
      connection?.close();
    }, this.#timing.idleMs);
  }
}

function errorsIn(payload: unknown): readonly GraphQLFormattedError[] {
  return Array.isArray(payload) ? payload.map(subgraphError) : [];
}

type ConnectionEvents = {
  /** The payload of the message that opens the protocol. */
  init(): Variables;
  acknowledged(): void;
  /** A message that belongs to a subscription. */
  received(message: Readonly<Record<string, unknown>>, text: string): void;
  /** Called once, however it ended. */
  closed(): void;
};

/** One WebSocket, from the attempt to connect to its end. */
class Connection {
  readonly #socket: WebSocket;
  readonly #events: ConnectionEvents;
  readonly #timing: UpstreamTiming;
  #wire: Duplex | undefined;
  #receivedThisTurn = 0;
  #isAcknowledged = false;
  #isOver = false;
  #deadline: NodeJS.Timeout | undefined;
  #keepAlive: NodeJS.Timeout | undefined;

  constructor(address: string, timing: UpstreamTiming, events: ConnectionEvents) {
    this.#events = events;
    this.#timing = timing;
    this.#socket = new WebSocket(address, 'graphql-transport-ws', {
      perMessageDeflate: false,
      maxPayload: eventLimitBytes,
      handshakeTimeout: timing.connectMs,
    });
    this.#socket.on('upgrade', ({ socket }) => {
      this.#wire = socket;
    });
    this.#socket.on('open', () => {
      this.#expect(timing.connectMs);
      this.send({ type: 'connection_init', payload: events.init() });
    });
    this.#socket.on('message', (data: RawData) => this.#receive(data));
    this.#socket.on('pong', () => this.#answered());
    // What it is closed for is told by 'error', and then closed.
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => this.#over());
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** What the work sends goes out as one write. */
  together(work: () => void): void {
    this.#wire?.cork();
    work();
    this.#wire?.uncork();
  }

  /** What comes while it closes is not listened to. */
  close(): void {
    this.#socket.close(1000);
    this.#over();
    this.#deadline = setTimeout(() => this.#socket.terminate(), this.#timing.pongMs);
    this.#deadline.unref();
  }

  terminate(): void {
    this.#socket.terminate();
    this.#over();
  }

  #receive(data: RawData): void {
    if (this.#isOver) return;
    this.#breathe();
    const text = Buffer.isBuffer(data) ? data.toString('utf8') : '';
    const message = parsed(text);
    switch (message?.['type']) {
      case 'next':
      case 'error':
      case 'complete':
        return this.#events.received(message, text);
      case 'connection_ack':
        return this.#acknowledge();
      case 'ping':
        return this.send({ type: 'pong', payload: message['payload'] });
      case 'pong':
        return;
      default:
        // It does not speak the protocol.
        this.terminate();
    }
  }

  /** Lets what came be worked on before more is read, which may be thousands of events at once. */
  #breathe(): void {
    this.#receivedThisTurn += 1;
    if (this.#receivedThisTurn === 1) {
      setImmediate(() => {
        if (this.#receivedThisTurn >= receivedPerTurnMax) this.#socket.resume();
        this.#receivedThisTurn = 0;
      });
    }
    if (this.#receivedThisTurn === receivedPerTurnMax) this.#socket.pause();
  }

  #acknowledge(): void {
    if (this.#isAcknowledged) return;
    this.#isAcknowledged = true;
    this.#answered();
    this.#keepAlive = setInterval(() => {
      if (this.#deadline) return;
      this.#socket.ping();
      this.#expect(this.#timing.pongMs);
    }, this.#timing.keepAliveMs);
    this.#events.acknowledged();
  }

  #expect(withinMs: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.terminate(), withinMs);
  }

  #answered(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    clearInterval(this.#keepAlive);
    this.#events.closed();
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return isRecord(message) ? message : undefined;
  } catch {
    return undefined;
  }
}
