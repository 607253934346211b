/** The events with which something changes that the router keeps. docker-compose.yml says the same. */
import { productUpserted } from '@ordergraph/schema/events/inventory.ts';

export const cacheInvalidations = {
  [productUpserted.type]: { type: 'Product', key: { sku: 'data.sku' } },
};
