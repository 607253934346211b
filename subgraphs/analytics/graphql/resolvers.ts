import type { AnalyticsContext } from './context.ts';
import type { Resolvers } from './generated.ts';
import { Money } from './money.ts';
import { Query } from './query.ts';

export const resolvers: Resolvers<AnalyticsContext> = { Money, Query };
