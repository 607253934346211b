/** Clients that each follow an order of their own, in a process of their own. */
import { answerCalls } from './messages.ts';
import { openSocket, type SocketClient } from './socket-client.ts';

export type Opening = {
  readonly port: number;
  readonly path: string;
  readonly query: string;
  /** A client for each of these. */
  readonly followers: readonly { readonly orderId: string; readonly token: string }[];
};

type Follower = {
  readonly client: SocketClient;
  events: number;
  lastAtMs: number;
  end: string | undefined;
};

const followers = new Map<string, Follower>();
/** How many a source address may hold: ports are fewer than clients may be. */
const perAddress = 20_000;
/** How many connect at once. */
const connectingMax = 64;
let received = 0;

async function follow(opening: Opening, index: number): Promise<void> {
  const one = opening.followers[index];
  if (!one) return;
  const started = Promise.withResolvers<void>();
  const client = await openSocket(
    {
      port: opening.port,
      path: opening.path,
      localAddress: `127.0.0.${1 + Math.floor(followers.size / perAddress)}`,
    },
    {
      message(text) {
        if (text.startsWith('{"type":"connection_ack"')) {
          const payload = { query: opening.query, variables: { id: one.orderId } };
          client.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
        } else if (text.includes('"type":"next"')) {
          follower.events += 1;
          follower.lastAtMs = performance.timeOrigin + performance.now();
          received += 1;
          started.resolve();
        } else {
          follower.end ??= text;
          started.reject(new Error(text));
        }
      },
      closed: (code) => {
        follower.end ??= `closed ${code}`;
        started.reject(new Error(`closed ${code}`));
      },
    },
  );
  const follower: Follower = { client, events: 0, lastAtMs: 0, end: undefined };
  followers.set(one.orderId, follower);
  const payload = { Authorization: `Bearer ${one.token}` };
  client.send(JSON.stringify({ type: 'connection_init', payload }));
  await started.promise;
}

const calls = {
  /** Resolves when each has had its first event. */
  async open(opening: Opening): Promise<void> {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < opening.followers.length) await follow(opening, next++);
    };
    await Promise.all(Array.from({ length: connectingMax }, work));
  },
  received: (): number => received,
  /** When each of them had its last event, by the wall clock in ms. */
  lastAtMs: ({ orderIds }: { orderIds?: readonly string[] }): number[] =>
    [...(orderIds ?? followers.keys())].map((id) => followers.get(id)?.lastAtMs ?? Number.NaN),
  stall({ orderIds }: { orderIds: readonly string[] }): void {
    for (const id of orderIds) followers.get(id)?.client.stall();
  },
  /** What ended the streams that have ended, and how many it did. */
  ends(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { end } of followers.values()) {
      if (end === undefined) continue;
      const code = /"code":"(\w+)"/.exec(end)?.[1] ?? end;
      counts[code] = (counts[code] ?? 0) + 1;
    }
    return counts;
  },
  resume({ orderIds }: { orderIds: readonly string[] }): void {
    for (const id of orderIds) followers.get(id)?.client.resume();
  },
};
export type ClientCalls = typeof calls;
answerCalls(calls);
