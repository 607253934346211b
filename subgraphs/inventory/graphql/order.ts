/** The order service's order, with what is set aside for it. Seen by its owner and by staff. */
import { requireCaller } from '@ordergraph/platform/access.ts';
import type { Context } from './context.ts';
import type { OrderResolvers } from './generated.ts';
import { isIdentifier } from './input.ts';

export const order: OrderResolvers<Context> = {
  __resolveReference: ({ id }) => ({ id }),

  async reservations({ id }, _arguments, { identity, loaders }) {
    const caller = requireCaller(identity);
    const found = isIdentifier(id) ? await loaders.reservations.load(id) : null;
    // An order that was not heard of yet has nothing set aside, whosever it is.
    if (!found) return [];
    if (identity.role !== 'staff' && found.customerId !== caller) return null;
    return found.reservations;
  },
};
