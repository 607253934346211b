/** A burst: one event each for many streams at once, and how long it takes until the last of them has it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../statistics.ts';
import type { Stage } from './stage.ts';

export type Burst = {
  /** From the first event written by the subgraph to the last one read by a client, in ms. */
  readonly lastMs: number;
  /** The same for the middle one. */
  readonly middleMs: number;
  /** CPU time of the router's process, in ms. */
  readonly cpuMs: number;
  /** Calls to the subgraph of the rest. */
  readonly calls: number;
};

const deliverWithinMs = 60_000;

/** @throws Error if not every stream gets exactly its event */
export async function burst(
  { router, clients, subgraphs }: Stage,
  orderIds: readonly string[],
): Promise<Burst> {
  const before = {
    cpuMs: await router.call('cpuMs', undefined),
    calls: (await subgraphs.call('counts', undefined)).entityRequests,
    received: await clients.call('received', undefined),
  };
  const startedAtMs = await subgraphs.call('change', { orderIds });
  const untilMs = Date.now() + deliverWithinMs;
  let received = 0;
  while (received < orderIds.length) {
    if (Date.now() > untilMs) throw new Error(`Only ${received} of ${orderIds.length} came`);
    await sleep(25);
    received = (await clients.call('received', undefined)) - before.received;
  }
  if (received > orderIds.length)
    throw new Error(`${received} came in place of ${orderIds.length}`);
  const tookMs = (await clients.call('lastAtMs', { orderIds })).map((ms) => ms - startedAtMs);
  return {
    lastMs: percentile(tookMs, 1),
    middleMs: percentile(tookMs, 0.5),
    cpuMs: (await router.call('cpuMs', undefined)) - before.cpuMs,
    calls: (await subgraphs.call('counts', undefined)).entityRequests - before.calls,
  };
}
