/** Stock of one product in one warehouse, set aside for an order. */
import type { Context } from './context.ts';
import type { ReservationResolvers } from './generated.ts';

export const reservation: ReservationResolvers<Context> = {
  product: ({ sku }, _arguments, { loaders }) => loaders.products.load(sku),
};
