/** Every type of the order subgraph. Fields not named here are properties of their parents. */
import type { OrderContext } from './context.ts';
import type { Resolvers } from './generated.ts';
import { moneyResolvers } from './money.ts';
import { mutationResolvers } from './mutation.ts';
import { orderLineResolvers } from './order-line.ts';
import { orderStatusChangeResolvers } from './order-status-change.ts';
import { orderResolvers } from './order.ts';
import { queryResolvers } from './query.ts';
import { subscriptionResolvers } from './subscription.ts';
import { userErrorResolvers } from './user-error.ts';

export const resolvers: Partial<Resolvers<OrderContext>> = {
  Query: queryResolvers,
  Mutation: mutationResolvers,
  Subscription: subscriptionResolvers,
  Order: orderResolvers,
  OrderLine: orderLineResolvers,
  OrderStatusChange: orderStatusChangeResolvers,
  Money: moneyResolvers,
  UserError: userErrorResolvers,
};
