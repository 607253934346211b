import { Kind, type GraphQLResolveInfo } from 'graphql';
import type { Order } from '../domain/order.ts';
import type { OrderContext } from './context.ts';
import type { OrderStatusChangeResolvers } from './generated.ts';

export const orderStatusChangeResolvers: OrderStatusChangeResolvers<OrderContext> = {
  order: async ({ orderId }, _args, { loaders }, info) => {
    if (asksForKeyOnly(info)) return { id: orderId } as Order;
    const order = await loaders.order.load(orderId);
    if (!order) throw new Error('A change speaks of an order that does not exist');
    return order;
  },
};

/** The router asks for no more than the key when the rest of an event comes from other subgraphs: nothing is read then. */
function asksForKeyOnly({ fieldNodes }: GraphQLResolveInfo): boolean {
  return fieldNodes.every(({ selectionSet }) =>
    selectionSet?.selections.every(
      (node) =>
        node.kind === Kind.FIELD && (node.name.value === 'id' || node.name.value === '__typename'),
    ),
  );
}
