import type { OrderContext } from './context.ts';
import type { OrderLineResolvers } from './generated.ts';

export const orderLineResolvers: OrderLineResolvers<OrderContext> = {
  product: ({ sku }) => ({ sku }),
  unitPrice: ({ unitPriceMinor, currency }) => ({ minor: unitPriceMinor, currency }),
  total: ({ totalMinor, currency }) => ({ minor: totalMinor, currency }),
};
