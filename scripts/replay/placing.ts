/** Places one planned order. */
import { formatAmount, parseMoney } from '@ordergraph/platform/money.ts';
import { z } from 'zod';
import { Refused, type Api } from './api.ts';
import type { Patience } from './patience.ts';
import { currency, type PlannedOrder } from './plan.ts';

export type Placement = {
  readonly orderId: string;
  readonly replayed: boolean;
  /** From the request that was answered to its answer. */
  readonly tookMs: number;
  /** On the clock of `performance.now()`: when the order was first asked for. */
  readonly startedAtMs: number;
  readonly lines: number;
  readonly totalMinor: number;
};

export const moneySchema = z
  .object({ amount: z.string(), currencyCode: z.string() })
  .transform(({ amount, currencyCode }, context) => {
    const money = parseMoney(amount, currencyCode);
    if (money?.currency === currency) return money.minor;
    context.addIssue(`must be an amount in ${currency}`);
    return z.NEVER;
  });

const mutation = `mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    order { id total { amount currencyCode } lines { id } }
    replayed
    userErrors { code message }
  }
}`;

const dataSchema = z.object({
  placeOrder: z.object({
    order: z
      .object({ id: z.string(), total: moneySchema, lines: z.array(z.object({ id: z.string() })) })
      .nullable(),
    replayed: z.boolean(),
    userErrors: z.array(z.object({ code: z.string(), message: z.string() })),
  }),
});

export type PlacementWork = {
  readonly order: PlannedOrder;
  readonly run: string;
  /** Of the sandbox provider; by default one that pays. */
  readonly paymentToken?: string;
};

/**
 * Places an order under its key of the run. The order service hears of a new product a moment after the catalogue
 * has it, so an unknown product is asked for again, under the same key, as long as patience lasts.
 * @throws Refused if the order is not accepted
 */
export async function place(
  api: Api,
  patience: Patience,
  { order, run, paymentToken = 'tok_ok' }: PlacementWork,
): Promise<Placement> {
  const variables = { input: inputOf(order, { run, paymentToken }) };
  const startedAtMs = performance.now();
  const attempt = patience.attempt();
  for (;;) {
    const askedAtMs = performance.now();
    const { placeOrder } = await api.run({ query: mutation, variables, data: dataSchema });
    const { order: placed, replayed, userErrors } = placeOrder;
    if (placed) {
      return {
        orderId: placed.id,
        replayed,
        tookMs: performance.now() - askedAtMs,
        startedAtMs,
        lines: placed.lines.length,
        totalMinor: placed.total,
      };
    }
    const [error] = userErrors;
    if (error?.code !== 'UNKNOWN_SKU') {
      throw new Refused(
        `invoice ${order.key} was not accepted: ${error ? `${error.code}: ${error.message}` : 'no order'}`,
      );
    }
    await attempt.notYet(`the order service does not know a product of invoice ${order.key} yet`);
  }
}

function inputOf(
  order: PlannedOrder,
  { run, paymentToken }: { run: string; paymentToken: string },
): Record<string, unknown> {
  const { key, customer, countryCode, lines } = order;
  const name = customer === '' ? `Guest of invoice ${key}` : `Customer ${customer}`;
  const mailbox = customer === '' ? `guest-${key.replace('/', '-')}` : `customer-${customer}`;
  return {
    idempotencyKey: `replay:${run}:order:${key}`,
    lines: lines.map(({ sku, quantity, unitPriceMinor }) => ({
      sku,
      quantity,
      unitPrice: {
        amount: formatAmount({ minor: unitPriceMinor, currency }),
        currencyCode: currency,
      },
    })),
    shippingAddress: {
      name,
      line1: '1 High Street',
      city: 'Anytown',
      postalCode: '00000',
      countryCode,
      email: `${mailbox}@shop.example`,
    },
    payment: { channel: 'SANDBOX', token: paymentToken },
  };
}
