/** What the resolvers of one operation work with. */
import type { Database } from '@ordergraph/platform/database.ts';
import type { SubgraphRequest } from '@ordergraph/platform/subgraph-request.ts';
import type { Payments } from '../commands.ts';
import { createLoaders, type Loaders } from './loaders.ts';

export type Context = SubgraphRequest & {
  readonly payments: Payments;
  readonly loaders: Loaders;
};

export function createContext(sql: Database, payments: Payments) {
  return (request: SubgraphRequest): Context => ({
    ...request,
    payments,
    loaders: createLoaders(sql),
  });
}
