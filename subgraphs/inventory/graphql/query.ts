/** The catalogue, open to everybody. */
import { maybeCacheControlFromInfo } from '@apollo/cache-control-types';
import { badUserInput } from '@ordergraph/platform/errors.ts';
import { decodeCursor, pageSize, toConnection } from '@ordergraph/platform/keyset.ts';
import { listProducts } from '../store/products.ts';
import type { Context } from './context.ts';
import type { ProductFilter, QueryResolvers } from './generated.ts';
import { isIdentifier, prose } from './input.ts';

const skusMax = 250;

export const query: QueryResolvers<Context> = {
  product: (_parent, { sku }, { loaders }) =>
    isIdentifier(sku) ? loaders.products.load(sku) : null,

  async products(_parent, { first, after, filter }, { sql }, info) {
    const size = pageSize(first);
    // Which products those are changes with every order; only what does not may be kept.
    if (filter?.inStock) maybeCacheControlFromInfo(info)?.setCacheHint({ maxAge: 0 });
    const rows = await listProducts(sql, {
      limit: size + 1,
      after: after ? readCursor(after) : null,
      skus: readSkus(filter),
      nameContains: prose(filter?.nameContains, ['filter', 'nameContains'], 255),
      inStock: filter?.inStock ?? false,
    });
    return toConnection(rows, { size, continued: Boolean(after), keyOf: ({ sku }) => [sku] });
  },
};

function readCursor(after: string): string {
  const [sku] = decodeCursor(after, 1);
  if (typeof sku === 'string' && isIdentifier(sku)) return sku;
  throw badUserInput('This is not a cursor of this list.', ['after']);
}

function readSkus(filter: ProductFilter | null | undefined): string[] | null {
  if (!filter?.skus) return null;
  if (filter.skus.length > skusMax) {
    throw badUserInput(`At most ${skusMax} SKUs can be asked for.`, ['filter', 'skus']);
  }
  return filter.skus.filter((sku) => isIdentifier(sku));
}
