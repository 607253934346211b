/** Something the shop sells; open to everybody. */
import type { Context } from './context.ts';
import type { ProductResolvers } from './generated.ts';
import { isIdentifier } from './input.ts';

export const product: ProductResolvers<Context> = {
  __resolveReference: ({ sku }, { loaders }) =>
    isIdentifier(sku) ? loaders.products.load(sku) : null,
  unitPrice: ({ unitPriceMinor, currency }) => ({ minor: unitPriceMinor, currency }),
  available: ({ sku }, _arguments, { loaders }) => loaders.available.load(sku),
};
