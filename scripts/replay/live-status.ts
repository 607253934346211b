/**
 * Follows orders live: one `orderStatusChanged` subscription each, over a few WebSockets. When a stream breaks it is
 * taken up again behind the last cursor seen, so that nothing is missed and nothing comes twice.
 */
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { reasonOf, Refused } from './api.ts';
import type { Patience } from './patience.ts';

export type Ending = {
  readonly status: string;
  readonly version: number;
  /** On the clock of `performance.now()`. */
  readonly seenAtMs: number;
  /** How often a status came that was older than one seen before, or the same again. */
  readonly outOfOrder: number;
};

export type LiveStatus = {
  /**
   * Resolves when the order has come to its end.
   * @throws Refused if the server does not let it be followed, OutOfPatience if it does not answer
   */
  follow(orderId: string): Promise<Ending>;
  close(): Promise<void>;
};

const subscription = `subscription FollowOrder($orderId: ID!, $after: String) {
  orderStatusChanged(orderId: $orderId, after: $after) { cursor status version }
}`;

const messageSchema = z.object({
  data: z
    .object({
      orderStatusChanged: z.object({ cursor: z.string(), status: z.string(), version: z.int() }),
    })
    .nullish(),
  errors: z.array(z.looseObject({ message: z.string() })).optional(),
});
const errorsSchema = z.array(
  z.object({
    message: z.string(),
    extensions: z.looseObject({ code: z.string().optional() }).optional(),
  }),
);

/** The statuses at which a replayed order has arrived, well or not. */
const endings = new Set(['CONFIRMED', 'REJECTED', 'EXPIRED', 'CANCELLED', 'ON_HOLD']);
/** Codes that no repetition changes. */
const lasting = new Set([
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'GRAPHQL_VALIDATION_FAILED',
]);
/** A stream in which nothing happens for so long is opened anew, in case it is dead. */
const silenceMaxMs = 20_000;

type Seen = { after: string | null; version: number; outOfOrder: number };
type StreamEnd =
  | { kind: 'arrived'; status: string }
  | { kind: 'broken'; reason: string }
  | { kind: 'silent' };

export function openLiveStatus(options: {
  url: string;
  token: string;
  sockets: number;
  patience: Patience;
}): LiveStatus {
  const clients = Array.from({ length: options.sockets }, () => socketClient(options));
  let next = 0;
  return {
    async follow(orderId) {
      const client = clients[next % clients.length];
      next += 1;
      if (!client) throw new Error('There is no socket to follow an order on');
      const attempt = options.patience.attempt();
      const seen: Seen = { after: null, version: 0, outOfOrder: 0 };
      for (;;) {
        const end = await listen(client, { orderId, seen, worked: () => attempt.worked() });
        if (end.kind === 'arrived') {
          const { version, outOfOrder } = seen;
          return { status: end.status, version, outOfOrder, seenAtMs: performance.now() };
        }
        if (end.kind === 'broken') await attempt.failed(end.reason);
      }
    },
    async close() {
      for (const client of clients) await client.dispose();
    },
  };
}

function socketClient({ url, token }: { url: string; token: string }): Client {
  return createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    // The socket stays between one order and the next; what breaks is repeated here, with the cursor.
    lazyCloseTimeout: 500,
    connectionAckWaitTimeout: 10_000,
    keepAlive: 5_000,
    retryAttempts: 0,
  });
}

/** Reads one stream until the order arrives or the stream ends. */
function listen(
  client: Client,
  { orderId, seen, worked }: { orderId: string; seen: Seen; worked: () => void },
): Promise<StreamEnd> {
  return new Promise((resolve, reject) => {
    let unsubscribe: (() => void) | undefined;
    const finish = (end: StreamEnd): void => {
      clearTimeout(silence);
      unsubscribe?.();
      resolve(end);
    };
    const silence = setTimeout(() => finish({ kind: 'silent' }), silenceMaxMs);
    unsubscribe = client.subscribe(
      { query: subscription, variables: { orderId, after: seen.after } },
      {
        next(message) {
          const { data, errors } = messageSchema.parse(message);
          if (!data) return finish({ kind: 'broken', reason: errors?.[0]?.message ?? 'no data' });
          worked();
          silence.refresh();
          const { cursor, status, version } = data.orderStatusChanged;
          if (version <= seen.version) seen.outOfOrder += 1;
          seen.after = cursor;
          seen.version = Math.max(seen.version, version);
          if (endings.has(status)) finish({ kind: 'arrived', status });
        },
        error(error) {
          clearTimeout(silence);
          const refused = errorsSchema.safeParse(error);
          const code = refused.data?.[0]?.extensions?.code ?? '';
          // A cursor that cannot be continued: start with the present state.
          if (code === 'CURSOR_EXPIRED') Object.assign(seen, { after: null, version: 0 });
          if (lasting.has(code)) reject(new Refused(`${code}: ${refused.data?.[0]?.message}`));
          else resolve({ kind: 'broken', reason: code || closeReason(error) });
        },
        complete() {
          clearTimeout(silence);
          resolve({ kind: 'broken', reason: 'the stream was ended' });
        },
      },
    );
  });
}

function closeReason(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) {
    return `the connection was closed with ${String(error.code)}`;
  }
  return reasonOf(error);
}
