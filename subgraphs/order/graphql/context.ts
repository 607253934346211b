/** What an operation's resolvers have at hand. */
import type { Database } from '@ordergraph/platform/database.ts';
import type { SubgraphRequest } from '@ordergraph/platform/subgraph-request.ts';
import type { CancelRequest, CancelResult } from '../commands/cancel-order.ts';
import type { PlacementRequest, PlacementResult } from '../commands/place-orders.ts';
import type { Feed } from '../live/feed.ts';
import type { Loaders } from './loaders.ts';

export type Commands = {
  placeOrder(request: PlacementRequest): Promise<PlacementResult>;
  cancelOrder(request: CancelRequest): Promise<CancelResult>;
};

export type OrderContext = SubgraphRequest & {
  readonly sql: Database;
  readonly commands: Commands;
  readonly feed: Feed;
  readonly loaders: Loaders;
};
