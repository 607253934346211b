import { requireCaller } from '@ordergraph/platform/access.ts';
import { badUserInput } from '@ordergraph/platform/errors.ts';
import { isId } from '@ordergraph/platform/ids.ts';
import { decodeCursor, pageSize, toConnection } from '@ordergraph/platform/keyset.ts';
import { listOrders } from '../store/orders.ts';
import { visibleOrder } from './access.ts';
import type { OrderContext } from './context.ts';
import type { OrderFilter, QueryResolvers } from './generated.ts';

const statusesMax = 250;

export const queryResolvers: QueryResolvers<OrderContext> = {
  order: (_root, { id }, context) => visibleOrder(context, id),
  orders: async (_root, { first, after, filter }, { identity, sql }) => {
    const caller = requireCaller(identity);
    const size = pageSize(first);
    const rows = await listOrders(
      sql,
      {
        customerId: identity.role === 'staff' ? null : caller,
        statuses: readStatuses(filter),
        placedFrom: filter?.placedFrom ? new Date(filter.placedFrom) : null,
        placedBefore: filter?.placedBefore ? new Date(filter.placedBefore) : null,
      },
      { beforeId: after ? idIn(after) : null, limit: size + 1 },
    );
    return toConnection(rows, { size, continued: Boolean(after), keyOf: ({ id }) => [id] });
  },
};

function readStatuses(filter: OrderFilter | null | undefined) {
  const statuses = filter?.statuses ?? null;
  if (statuses && statuses.length > statusesMax) {
    throw badUserInput(`At most ${statusesMax} states can be asked for.`, ['filter', 'statuses']);
  }
  return statuses;
}

function idIn(cursor: string): string {
  const [id] = decodeCursor(cursor, 1);
  if (typeof id === 'string' && isId('ord', id)) return id;
  throw badUserInput('This is not a cursor of this list.', ['after']);
}
