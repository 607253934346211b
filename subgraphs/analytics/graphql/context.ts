/** What the resolvers of one operation work with. */
import type { Clock } from '@ordergraph/platform/clock.ts';
import type { Database } from '@ordergraph/platform/database.ts';
import type { Identity } from '@ordergraph/platform/identity.ts';

export type AnalyticsContext = {
  readonly sql: Database;
  readonly clock: Clock;
  readonly identity: Identity;
};
