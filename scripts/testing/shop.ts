/** The few things that tests of the scripts do with a system: put stock on the shelf, order it, look at the order. */
import type { TestSystem } from '@ordergraph/tests/environment.ts';
import { z } from 'zod';
import { openApi, type Api } from '../replay/api.ts';
import { Patience } from '../replay/patience.ts';
import { place } from '../replay/placing.ts';
import { readBack } from '../replay/read-back.ts';
import { stockUp } from '../replay/stocking.ts';
import { Planner } from '../replay/plan.ts';

export type TestShop = {
  readonly api: Api;
  stock(sku: string, quantity: number): Promise<void>;
  /** Orders one piece, and gives the order's id. */
  place(sku: string, options?: { token?: string }): Promise<string>;
  cancel(orderId: string): Promise<void>;
  status(orderId: string): Promise<string | undefined>;
  /** How many of the viewer's latest messages are still to be sent. */
  unsentMessages(): Promise<number>;
  close(): Promise<void>;
};

const unitPriceMinor = 250;
const patienceMs = 15_000;

export async function openTestShop(
  system: Pick<TestSystem, 'url' | 'token'>,
  subject = 'shop',
): Promise<TestShop> {
  const token = await system.token({
    subject,
    role: 'staff',
    scopes: ['orders:override-price'],
  });
  const patience = new Patience({ patienceMs, say: () => undefined });
  const api = openApi({ url: system.url, token, connectionsMax: 8, patience });
  let orders = 0;
  return {
    api,
    async stock(sku, quantity) {
      const product = { sku, name: sku, unitPriceMinor, quantity };
      const plan = { ...new Planner().plan(), products: [product] };
      await stockUp(api, { plan, run: `stock-${sku}-${quantity}`, progress: () => undefined });
    },
    async place(sku, { token: paymentToken = 'tok_ok' } = {}) {
      orders += 1;
      const order = {
        key: `T${orders}`,
        customer: String(orders),
        countryCode: 'GB',
        lines: [{ sku, quantity: 1, unitPriceMinor }],
        totalMinor: unitPriceMinor,
      };
      const work = { order, run: 'test', paymentToken };
      return (await place(api, patience, work)).orderId;
    },
    async cancel(orderId) {
      await api.run({
        query: `mutation Cancel($input: CancelOrderInput!) { cancelOrder(input: $input) { replayed } }`,
        variables: { input: { idempotencyKey: `cancel-${orderId}`, orderId } },
        data: z.unknown(),
      });
    },
    status: async (orderId) => (await readBack(api, [orderId])).get(orderId)?.status,
    async unsentMessages() {
      const { notifications } = await api.run({
        query: '{ notifications(first: 100) { nodes { status } } }',
        variables: {},
        data: z.object({
          notifications: z.object({ nodes: z.array(z.object({ status: z.string() })) }),
        }),
      });
      return notifications.nodes.filter(({ status }) => status !== 'SENT').length;
    },
    close: () => api.close(),
  };
}
