/**
 * One `graphql-transport-ws` socket per subgraph carries all its subscriptions. It is opened by the first and closed
 * soon after the last. A socket that is lost fails every subscription on it, with whatever code it was closed:
 * to connect again and subscribe anew in silence, as the client library would, loses what happened in between.
 */
import { anonymous, signIdentity, type Identity } from '@ordergraph/platform/identity.ts';
import type { GraphQLFormattedError } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { subgraphError } from './errors.ts';
import type { SubgraphQuery } from './subgraph-requests.ts';
import type { Subgraph } from './supergraph.ts';

/** What a subscription's producer tells: events, then one end. */
export type UpstreamListener = {
  event(payload: unknown): void;
  complete(): void;
  /** The subgraph refused or ended the subscription with these errors. */
  refused(errors: readonly GraphQLFormattedError[]): void;
  /** The connection failed, before or after the first event. */
  lost(): void;
};

export type UpstreamStatement = { readonly identity: Identity; readonly traceparent: string };

export type UpstreamSocket = {
  /** Starts a subscription; returns the function that ends it. */
  subscribe(query: SubgraphQuery, by: UpstreamStatement, listener: UpstreamListener): () => void;
  close(): void;
};

const connectTimeoutMs = 5_000;
const keepAliveMs = 10_000;
const pongTimeoutMs = 5_000;
const idleMs = 1_000;
const eventLimitBytes = 16 * 1024 * 1024;

/** `secret` signs identities for the subgraph. */
export function createUpstreamSocket({ url }: Subgraph, secret: string): UpstreamSocket {
  const address = new URL(url);
  address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';

  class BoundedSocket extends WebSocket {
    constructor(target: string | URL, protocols?: string | string[]) {
      super(target, protocols, {
        perMessageDeflate: false,
        maxPayload: eventLimitBytes,
        handshakeTimeout: connectTimeoutMs,
      });
    }
  }

  // How to fail each subscription on the open socket, and those that wait for the next socket to open.
  const open = new Set<() => void>();
  const waiting = new Set<() => void>();
  let pongTimer: NodeJS.Timeout | undefined;
  let socket: WebSocket | undefined;
  const loseAll = () => {
    clearTimeout(pongTimer);
    for (const lose of open) lose();
  };
  const client = createClient({
    url: address.href,
    webSocketImpl: BoundedSocket,
    connectionParams: () => ({ identity: signIdentity(anonymous, secret, Date.now()) }),
    connectionAckWaitTimeout: connectTimeoutMs,
    retryAttempts: 0,
    keepAlive: keepAliveMs,
    lazyCloseTimeout: idleMs,
    on: {
      opened: (opened) => {
        socket = opened instanceof WebSocket ? opened : undefined;
        for (const lose of waiting) open.add(lose);
        waiting.clear();
      },
      closed: loseAll,
      error: loseAll,
      ping: (received) => {
        if (!received) pongTimer = setTimeout(() => client.terminate(), pongTimeoutMs);
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer);
      },
    },
  });

  return {
    subscribe(query, { identity, traceparent }, listener) {
      let over = false;
      const end = (tell: () => void) => {
        if (over) return;
        over = true;
        open.delete(lose);
        waiting.delete(lose);
        tell();
      };
      const lose = () => {
        end(() => listener.lost());
        unsubscribe();
      };
      const extensions = { identity: signIdentity(identity, secret, Date.now()), traceparent };
      const unsubscribe = client.subscribe(
        {
          query: query.query,
          operationName: query.operationName ?? null,
          variables: query.variables,
          extensions,
        },
        {
          next: (payload) => {
            if (over) return;
            // Without data it is no event: this is how a subscription is answered that could not begin.
            const refused = payload.data === undefined ? payload.errors : undefined;
            if (refused) end(() => listener.refused(refused.map(subgraphError)));
            else listener.event(payload);
          },
          complete: () => end(() => listener.complete()),
          error: (error) =>
            end(() => {
              if (Array.isArray(error)) listener.refused(error.map(subgraphError));
              else listener.lost();
            }),
        },
      );
      // A subscription that begins while an idle socket closes goes to the next one, and is not lost with this one.
      (socket?.readyState === WebSocket.OPEN ? open : waiting).add(lose);
      return () => {
        end(() => undefined);
        unsubscribe();
      };
    },
    close() {
      clearTimeout(pongTimer);
      client.terminate();
      socket?.terminate();
    },
  };
}
