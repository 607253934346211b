/** The resolvers of the inventory's part of the graph. */
import type { Context } from './context.ts';
import type { Resolvers } from './generated.ts';
import { money } from './money.ts';
import { mutation } from './mutation.ts';
import { order } from './order.ts';
import { product } from './product.ts';
import { query } from './query.ts';
import { reservation } from './reservation.ts';
import { userError } from './user-error.ts';

export const resolvers: Resolvers<Context> = {
  Money: money,
  Mutation: mutation,
  Order: order,
  Product: product,
  Query: query,
  Reservation: reservation,
  UserError: userError,
};
