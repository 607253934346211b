import type { OrderContext } from './context.ts';
import type { UserErrorResolvers } from './generated.ts';

export const userErrorResolvers: UserErrorResolvers<OrderContext> = {
  __resolveType: ({ __typename }) => __typename,
};
