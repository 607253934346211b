/**
 * Replays a plan: stock first, then every order, many at once, each followed to its end, and at last read back. Each
 * step carries keys of the run, so that a replay that ended early, or a server that did, is taken up by running the
 * same plan again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { openApi } from './api.ts';
import { openLiveStatus, type Ending } from './live-status.ts';
import type { ReplayedOrder } from './outcome.ts';
import { Patience } from './patience.ts';
import { place, type Placement } from './placing.ts';
import type { Plan, PlannedOrder } from './plan.ts';
import { readBack } from './read-back.ts';
import { stockUp } from './stocking.ts';

export type ReplayOptions = {
  /** The router's GraphQL endpoint. */
  readonly url: string;
  /** A staff token with the scope `orders:override-price`. */
  readonly token: string;
  /** Begins all idempotency keys: the same run places nothing twice. */
  readonly run: string;
  /** How many orders are being placed at once. */
  readonly concurrency: number;
  /** At most so many orders are begun in a second. */
  readonly ordersPerSecondMax?: number;
  readonly patienceMs: number;
  readonly progress: ReplayProgress;
};

export type ReplayProgress = {
  say(line: string): void;
  stocked(done: number, total: number): void;
  arrived(done: number, total: number): void;
};

export type ReplayResult = {
  readonly orders: readonly ReplayedOrder[];
  /** From the first order's placement to the last one's end. */
  readonly tookMs: number;
};

const sockets = 4;
/** So many orders are followed per order being placed, before placing waits for some to arrive. */
const followedPerPlacer = 16;

/**
 * Runs it to the end.
 * @throws Refused if the server does not accept something, OutOfPatience if it does not answer any more
 */
export async function replay(plan: Plan, options: ReplayOptions): Promise<ReplayResult> {
  const { url, token, run, progress, patienceMs } = options;
  const patience = new Patience({ patienceMs, say: (line) => progress.say(line) });
  const api = openApi({ url, token, patience, connectionsMax: options.concurrency + 8 });
  const live = openLiveStatus({ url, token, patience, sockets });
  try {
    await stockUp(api, {
      plan,
      run,
      progress: (done) => progress.stocked(done, 2 * plan.products.length),
    });
    const startedAtMs = performance.now();
    const traces = await orderAll(plan.orders, {
      options,
      trace: {
        place: (order) => place(api, patience, { order, run }),
        follow: (orderId) => live.follow(orderId),
      },
      giveUp: () => patience.giveUp(),
    });
    const tookMs = performance.now() - startedAtMs;
    const now = await readBack(
      api,
      traces.map(({ placement }) => placement.orderId),
    );
    const orders = traces.map((trace) => ({
      ...trace,
      readBack: now.get(trace.placement.orderId),
    }));
    return { orders, tookMs };
  } finally {
    patience.giveUp();
    await Promise.all([live.close(), api.close()]);
  }
}

type Trace = { planned: PlannedOrder; placement: Placement; ending: Ending };
type Work = {
  readonly options: ReplayOptions;
  readonly trace: {
    place(order: PlannedOrder): Promise<Placement>;
    follow(orderId: string): Promise<Ending>;
  };
  readonly giveUp: () => void;
};

/** Places and follows all orders, in order, within the bounds of the options. */
async function orderAll(orders: readonly PlannedOrder[], work: Work): Promise<Trace[]> {
  const { concurrency, ordersPerSecondMax, progress } = work.options;
  const traces: Trace[] = [];
  const followed = new Set<Promise<void>>();
  const startedAtMs = performance.now();
  let next = 0;
  const failures: unknown[] = [];
  const fail = (error: unknown): void => {
    failures.push(error);
    work.giveUp();
  };
  const follow = async (planned: PlannedOrder, placement: Placement): Promise<void> => {
    const ending = await work.trace.follow(placement.orderId);
    traces.push({ planned, placement, ending });
    progress.arrived(traces.length, orders.length);
  };
  const placer = async (): Promise<void> => {
    while (failures.length === 0) {
      const index = next;
      next += 1;
      const planned = orders[index];
      if (!planned) return;
      if (ordersPerSecondMax) {
        const dueAtMs = startedAtMs + (index * 1_000) / ordersPerSecondMax;
        await pause(Math.max(0, dueAtMs - performance.now()));
      }
      if (followed.size >= followedPerPlacer * concurrency) await Promise.race(followed);
      const placement = await work.trace.place(planned);
      const following = follow(planned, placement)
        .catch(fail)
        .finally(() => followed.delete(following));
      followed.add(following);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, () => placer().catch(fail)));
  await Promise.all(followed);
  if (failures.length > 0) throw failures[0];
  return traces;
}
