/** What every resolver of one operation is given. */
import type { Database } from '@ordergraph/platform/database.ts';
import type { SubgraphRequest } from '@ordergraph/platform/subgraph-request.ts';
import type { Inventory } from '../commands.ts';
import { createLoaders, type Loaders } from './loaders.ts';

export type Context = SubgraphRequest & {
  readonly sql: Database;
  readonly inventory: Inventory;
  readonly loaders: Loaders;
};

export function createContext(sql: Database, inventory: Inventory) {
  return (request: SubgraphRequest): Context => ({
    ...request,
    sql,
    inventory,
    loaders: createLoaders(sql),
  });
}
