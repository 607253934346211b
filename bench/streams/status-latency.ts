/** The way of a status on the whole system: from the moment it was decided and committed to a client's screen. */
import { setTimeout as sleep } from 'node:timers/promises';
import { signDevelopmentToken } from '@ordergraph/scripts/development-token.ts';
import { loadSecrets } from '@ordergraph/scripts/secrets.ts';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { openShopClient } from '../client.ts';
import { besideMark, type Section } from '../report.ts';
import { onWarmSystem, skus } from '../shop.ts';
import { percentile } from '../statistics.ts';
import type { System } from '../system.ts';
import type { StreamsOptions } from './streams-options.ts';

const changesPerS = 200;
/** PLACED, RESERVED and CONFIRMED. */
const changesPerOrder = 3;
const customers = 20;
const settleWithinMs = 30_000;

const fields = 'version status snapshot occurredAt order { id payment { status } }';
const ownOrder = `subscription ($id: ID!) { change: orderStatusChanged(orderId: $id) { ${fields} } }`;
const activity = `subscription { change: orderActivity { ${fields} } }`;
const placeOrder = `mutation ($input: PlaceOrderInput!) {
  placeOrder(input: $input) { order { id } userErrors { code } }
}`;

type Change = {
  readonly version: number;
  readonly status: string;
  readonly snapshot: boolean;
  readonly occurredAt: string;
};
type Latencies = { readonly ownOrderMs: number[]; readonly activityMs: number[] };

export async function measureStatusLatency({
  latencyS,
  progress,
}: StreamsOptions): Promise<Section> {
  const { result, checked } = await onWarmSystem({ apart: true }, async (system) => {
    progress(`status latency: ${changesPerS} changes a second for ${latencyS} s`);
    return followOrders(system, latencyS);
  });
  const row = (name: string, samples: readonly number[]): string[] => [
    name,
    String(samples.length),
    ...[0.5, 0.95, 0.99].map((share) => percentile(samples, share).toFixed(0)),
  ];
  return {
    title: 'From a status committed to the client',
    method: `${changesPerS} changes a second by placing orders at a steady rate, a process for each service. Each order is followed by a stream of its own, and each of ${customers} customers’ activity by another, with a field of the payment service in each event. Measured from the time that the change carries, which is taken before its transaction commits, to its arrival at the client.`,
    header: ['stream', 'changes', 'p50 ms', 'p95 ms', 'p99 ms'],
    rows: [
      row('own order', result.ownOrderMs),
      row('all activity of a customer', result.activityMs),
    ],
    findings: [
      `p99 of own orders in ms: ${besideMark(percentile(result.ownOrderMs, 0.99), { atMost: 250 })}`,
      `p99 of activity in ms: ${besideMark(percentile(result.activityMs, 0.99), { atMost: 250 })}`,
      checked,
    ],
  };
}

async function followOrders(system: System, seconds: number): Promise<Latencies> {
  const secrets = await loadSecrets(system.dataDir);
  const shop = await openShopClient(system, 16);
  const latencies: Latencies = { ownOrderMs: [], activityMs: [] };
  const confirmed = new Set<string>();
  const sockets = await Promise.all(
    Array.from({ length: customers }, async (_, i) => {
      const subject = `follower-${i}`;
      const token = await signDevelopmentToken(secrets, { subject, role: 'customer', scopes: [] });
      return socketOf(system.url, token);
    }),
  );
  try {
    for (const socket of sockets) follow(socket, activity, {}, latencies.activityMs);
    const orders = Math.ceil((seconds * changesPerS) / changesPerOrder);
    const startedAtMs = performance.now();
    const placing: Promise<void>[] = [];
    for (let i = 0; i < orders; i += 1) {
      const dueMs = startedAtMs + (i * 1_000 * changesPerOrder) / changesPerS;
      await sleep(Math.max(0, dueMs - performance.now()));
      const socket = sockets[i % customers];
      const input = orderInput(i);
      const place = async (): Promise<void> => {
        const caller = await shop.customer(`follower-${i % customers}`);
        type Placed = { placeOrder: { order: { id: string } | null } };
        const { placeOrder: placed } = await shop.run<Placed>(caller, placeOrder, { input });
        const { order } = placed;
        if (!order || !socket) throw new Error('An order was refused');
        follow(socket, ownOrder, { id: order.id }, latencies.ownOrderMs, ({ status }) => {
          if (status === 'CONFIRMED') confirmed.add(order.id);
          return status === 'CONFIRMED';
        });
      };
      placing.push(place());
    }
    await Promise.all(placing);
    const untilMs = Date.now() + settleWithinMs;
    while (confirmed.size < orders) {
      if (Date.now() > untilMs) throw new Error(`${confirmed.size} of ${orders} were confirmed`);
      await sleep(50);
    }
    return latencies;
  } finally {
    for (const socket of sockets) await socket.dispose();
    await shop.close();
  }
}

/** Notes how old each change is that comes; ends the stream when `isOver` says so. */
function follow(
  socket: Client,
  query: string,
  variables: Record<string, unknown>,
  ages: number[],
  isOver: (change: Change) => boolean = () => false,
): void {
  const stop = socket.subscribe<{ change: Change }>(
    { query, variables },
    {
      next({ data }) {
        if (!data) throw new Error('A stream broke');
        // A snapshot is as old as it may be.
        if (!data.change.snapshot) ages.push(Date.now() - Date.parse(data.change.occurredAt));
        if (isOver(data.change)) stop();
      },
      error(error) {
        throw new Error(JSON.stringify(error));
      },
      complete: () => undefined,
    },
  );
}

function socketOf(url: string, token: string): Client {
  return createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    lazy: false,
    retryAttempts: 0,
  });
}

function orderInput(i: number): unknown {
  return {
    idempotencyKey: `latency-${i}`,
    lines: [{ sku: skus[i % skus.length], quantity: 1 }],
    shippingAddress: {
      name: 'Ada Lovelace',
      line1: '12 St James’s Square',
      city: 'London',
      postalCode: 'SW1Y 4JH',
      countryCode: 'GB',
    },
    payment: { channel: 'SANDBOX', token: 'tok_ok' },
  };
}
