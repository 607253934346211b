/** An order's payment: its customer's and staff's to see, and there once stock was held. */
import type { Context } from './context.ts';
import type { OrderResolvers } from './generated.ts';

export const Order: OrderResolvers<Context> = {
  __resolveReference: ({ id }) => ({ id }),
  async payment({ id }, _args, { identity, loaders }) {
    if (identity.subject === null) return null;
    const payment = await loaders.payments.load(id);
    if (!payment?.price) return null;
    const visible = identity.role === 'staff' || payment.customerId === identity.subject;
    return visible ? { ...payment, price: payment.price } : null;
  },
};
