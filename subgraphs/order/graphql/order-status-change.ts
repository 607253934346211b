import type { OrderContext } from './context.ts';
import type { OrderStatusChangeResolvers } from './generated.ts';

export const orderStatusChangeResolvers: OrderStatusChangeResolvers<OrderContext> = {
  order: async ({ orderId }, _args, { loaders }) => {
    const order = await loaders.order.load(orderId);
    if (!order) throw new Error('A change speaks of an order that does not exist');
    return order;
  },
};
