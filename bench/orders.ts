/**
 * Complete orders: each client places an order of one line through the router and places the next one as soon as the
 * answer is there; a staff stream tells when each is confirmed. The rate counts from the first request to the last
 * confirmation, and to the last mail handed to its server.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '@ordergraph/platform/database.ts';
import { openShopClient, type Caller, type ShopClient } from './client.ts';
import { cpuTimesMs } from './cpu.ts';
import { percentile } from './statistics.ts';
import type { System } from './system.ts';

export type OrdersRun = {
  readonly clients: number;
  readonly orders: number;
  /** Orders a second: answered as placed, confirmed, and mailed. */
  readonly placedPerS: number;
  readonly confirmedPerS: number;
  readonly mailedPerS: number;
  readonly placementMs: { readonly p50: number; readonly p99: number };
  readonly confirmationMs: { readonly p50: number; readonly p99: number };
  /** CPU time per order in ms, by process; undefined where the kernel's books cannot be read. */
  readonly cpuMs: Readonly<Record<string, number>> | undefined;
};

export type OrdersPlan = {
  readonly clients: number;
  readonly orders: number;
  readonly skus: readonly string[];
  /** Tells runs on one system apart. */
  readonly run: string;
  /** Whether a client waits for its order's confirmation before it places the next. */
  readonly patient?: boolean;
};

/** CPU time of an order in all the system's processes, in ms; not of those outside it, such as the payment provider. */
export function systemCpuMs({ cpuMs }: OrdersRun): number {
  if (!cpuMs) return Number.NaN;
  return Object.entries(cpuMs).reduce((sum, [name, ms]) => sum + (name === 'outside' ? 0 : ms), 0);
}

const placeOrder = `mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) { order { id number status total { amount } } replayed userErrors { code message } }
}`;
const settleTimeoutMs = 40_000;

/** @throws Error if an order is refused or does not reach its end */
export async function measureOrders(system: System, plan: OrdersPlan): Promise<OrdersRun> {
  const client = await openShopClient(system, plan.clients);
  const notifications = openDatabase(system.databaseUrls.notification, {
    poolMax: 1,
    name: 'bench',
  });
  const confirmedAtMs = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  let broken = '';
  try {
    await client.follow(({ orderId, status }) => {
      if (status.startsWith('BROKEN')) broken = status;
      if (status !== 'CONFIRMED') return;
      confirmedAtMs.set(orderId, performance.now());
      waiting.get(orderId)?.();
    });
    const callers = await Promise.all(
      Array.from({ length: plan.clients }, (_, i) => client.customer(`${plan.run}-${i}`)),
    );
    const mailed = async (): Promise<number> => {
      const [row] = await notifications<{ count: number }[]>`
        select count(*)::int as count from notifications
        where status = 'SENT' and customer_id like ${`${plan.run}-%`}`;
      return row?.count ?? 0;
    };
    const confirmed = (orderId: string): Promise<void> =>
      confirmedAtMs.has(orderId)
        ? Promise.resolve()
        : new Promise((resolve) => void waiting.set(orderId, resolve));
    const before = cpuTimesMs(system.pids);
    const startedAtMs = performance.now();
    const placed = await placeAll(client, callers, plan, confirmed);
    const placedEndMs = performance.now();
    await Promise.race([
      Promise.all([...placed.keys()].map(confirmed)),
      sleep(settleTimeoutMs, undefined, { ref: false }).then(() => {
        throw new Error(
          `Only ${confirmedAtMs.size} of ${plan.orders} orders were confirmed ${broken}`,
        );
      }),
    ]);
    const confirmedEndMs = Math.max(...[...placed.keys()].map((id) => confirmedAtMs.get(id) ?? 0));
    while ((await mailed()) < plan.orders) {
      if (performance.now() - confirmedEndMs > settleTimeoutMs)
        throw new Error('Mails are missing');
      await sleep(20);
    }
    const mailedEndMs = performance.now();
    const after = cpuTimesMs(system.pids);
    const perS = (endMs: number): number => (plan.orders / (endMs - startedAtMs)) * 1000;
    const placement = [...placed.values()].map(
      ({ askedAtMs, answeredAtMs }) => answeredAtMs - askedAtMs,
    );
    const confirmation = [...placed].map(
      ([id, { askedAtMs }]) => (confirmedAtMs.get(id) ?? Number.NaN) - askedAtMs,
    );
    return {
      clients: plan.clients,
      orders: plan.orders,
      placedPerS: perS(placedEndMs),
      confirmedPerS: perS(confirmedEndMs),
      mailedPerS: perS(mailedEndMs),
      placementMs: { p50: percentile(placement, 0.5), p99: percentile(placement, 0.99) },
      confirmationMs: { p50: percentile(confirmation, 0.5), p99: percentile(confirmation, 0.99) },
      cpuMs: before && after ? perOrder(before, after, plan.orders) : undefined,
    };
  } finally {
    await client.close();
    await notifications.end();
  }
}

type Placed = { readonly askedAtMs: number; readonly answeredAtMs: number };

async function placeAll(
  client: ShopClient,
  callers: readonly Caller[],
  plan: OrdersPlan,
  confirmed: (orderId: string) => Promise<void>,
): Promise<Map<string, Placed>> {
  const placed = new Map<string, Placed>();
  let next = 0;
  await Promise.all(
    callers.map(async (caller) => {
      for (let i = next++; i < plan.orders; i = next++) {
        const askedAtMs = performance.now();
        const id = await place(client, caller, inputOf(plan, i));
        placed.set(id, { askedAtMs, answeredAtMs: performance.now() });
        if (plan.patient) await confirmed(id);
      }
    }),
  );
  return placed;
}

async function place(client: ShopClient, caller: Caller, input: unknown): Promise<string> {
  const { placeOrder: payload } = await client.run<{
    placeOrder: { order: { id: string } | null; userErrors: unknown[] };
  }>(caller, placeOrder, { input });
  if (!payload.order) throw new Error(`Refused: ${JSON.stringify(payload.userErrors)}`);
  return payload.order.id;
}

function inputOf({ skus, run }: OrdersPlan, i: number): unknown {
  return {
    idempotencyKey: `${run}:${i}`,
    lines: [{ sku: skus[i % skus.length], quantity: 1 }],
    shippingAddress: {
      name: 'Ada Byron',
      line1: '12 St James Square',
      city: 'London',
      postalCode: 'SW1Y 4JH',
      countryCode: 'GB',
      email: `${run}-${i}@example.com`,
    },
    payment: { channel: 'SANDBOX', token: 'tok_ok' },
  };
}

function perOrder<K extends string>(
  before: Record<K, number>,
  after: Record<K, number>,
  orders: number,
): Record<string, number> {
  const names = Object.keys(after) as K[];
  return Object.fromEntries(names.map((name) => [name, (after[name] - before[name]) / orders]));
}
