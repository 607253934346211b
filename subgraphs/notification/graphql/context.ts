/** What the resolvers of one operation work with. */
import type { Database } from '@ordergraph/platform/database.ts';
import type { Identity } from '@ordergraph/platform/identity.ts';
import type { SubgraphRequest } from '@ordergraph/platform/subgraph-request.ts';
import { createLoaders, type Loaders } from './loaders.ts';

export type NotificationContext = {
  readonly sql: Database;
  readonly identity: Identity;
  readonly loaders: Loaders;
};

export function createContext(sql: Database, { identity }: SubgraphRequest): NotificationContext {
  return { sql, identity, loaders: createLoaders(sql) };
}
