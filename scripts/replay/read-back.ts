/** Asks the API for orders that were followed, so that what a subscriber saw last can be held against what is. */
import { z } from 'zod';
import type { Api } from './api.ts';
import { moneySchema } from './placing.ts';

export type OrderAsItIs = {
  readonly status: string;
  readonly version: number;
  readonly totalMinor: number;
  readonly countryCode: string;
};

const ordersPerOperation = 50;
const operationsAtOnce = 4;

const orderSchema = z
  .object({
    status: z.string(),
    version: z.int(),
    total: moneySchema,
    shippingAddress: z.object({ countryCode: z.string() }),
  })
  .transform(({ status, version, total, shippingAddress: { countryCode } }): OrderAsItIs => ({
    status,
    version,
    totalMinor: total,
    countryCode,
  }));
const dataSchema = z.record(z.string(), orderSchema.nullable());

/** The orders by id; one that does not exist is not in the map. */
export async function readBack(
  api: Api,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, OrderAsItIs>> {
  const found = new Map<string, OrderAsItIs>();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < orderIds.length) {
      const ids = orderIds.slice(next, next + ordersPerOperation);
      next += ordersPerOperation;
      const data = await api.run({
        query: readBackQuery(ids.length),
        variables: Object.fromEntries(ids.map((id, i) => [`id${i}`, id])),
        data: dataSchema,
      });
      ids.forEach((id, i) => {
        const order = data[`order${i}`];
        if (order) found.set(id, order);
      });
    }
  };
  await Promise.all(Array.from({ length: operationsAtOnce }, worker));
  return found;
}

/** Reads so many orders, `$id0` and on. */
export function readBackQuery(count: number): string {
  const indexes = Array.from({ length: count }, (_, i) => i);
  const fields = indexes.map(
    (i) =>
      `order${i}: order(id: $id${i}) { status version total { amount currencyCode } shippingAddress { countryCode } }`,
  );
  return `query ReadBack(${indexes.map((i) => `$id${i}: ID!`).join(', ')}) {\n${fields.join('\n')}\n}`;
}
