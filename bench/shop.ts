/** A system with a stocked shop on it, warmed up, for the time of a measurement. */
import { checkAfterLoad } from './after-load.ts';
import { openShopClient } from './client.ts';
import { measureOrders } from './orders.ts';
import { startSystem, type System, type SystemOptions } from './system.ts';

/** Ample stock of each: no order is refused. */
export const skus: readonly string[] = Array.from({ length: 100 }, (_, i) => `BENCH-${i}`);
export const hotSku = 'BENCH-HOT';

const stockOfEach = 10_000_000;
const warmUp = { clients: 32, orders: 600, skus, run: 'warm-up' };

export type Measured<T> = { readonly result: T; readonly checked: string };

/** Starts a system, stocks it, warms it up, measures on it, checks every invariant, and stops it. */
export async function onWarmSystem<T>(
  options: SystemOptions,
  measure: (system: System) => Promise<T>,
): Promise<Measured<T>> {
  const system = await startSystem(options);
  try {
    const client = await openShopClient(system, 1);
    await client.stockUp([...skus, hotSku], stockOfEach);
    await client.close();
    await measureOrders(system, warmUp);
    const result = await measure(system);
    return { result, checked: await checkAfterLoad(system) };
  } finally {
    await system.stop();
  }
}
