/** An order's payment as its customer sees it. */
import { z } from 'zod';
import type { Storefront } from './storefront.ts';

const money = z.object({ amount: z.string(), currencyCode: z.string() });
const shape = z.object({
  order: z.object({
    payment: z
      .object({
        status: z.string(),
        amount: money,
        capturedAmount: money,
        refundedAmount: money,
        attempts: z.array(z.object({ status: z.string(), failureCode: z.string().nullable() })),
        refunds: z.array(z.object({ status: z.string(), amount: money })),
      })
      .nullable(),
  }),
});

const query = `query Payment($id: ID!) { order(id: $id) { payment {
  status amount { ...Money } capturedAmount { ...Money } refundedAmount { ...Money }
  attempts { status failureCode } refunds { status amount { ...Money } }
} } }
fragment Money on Money { amount currencyCode }`;

export type PaymentView = NonNullable<z.infer<typeof shape>['order']['payment']>;

/** Null until stock is held. @throws if there is no such order, or the payment service does not answer */
export async function paymentOf(
  customer: Storefront,
  orderId: string,
): Promise<PaymentView | null> {
  return (await customer.data({ query, variables: { id: orderId } }, shape)).order.payment;
}
