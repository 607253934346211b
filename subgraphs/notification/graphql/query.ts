import { requireCaller } from '@ordergraph/platform/access.ts';
import { badUserInput } from '@ordergraph/platform/errors.ts';
import { isId } from '@ordergraph/platform/ids.ts';
import { decodeCursor, pageSize, toConnection } from '@ordergraph/platform/keyset.ts';
import { listNotifications } from '../store/notifications.ts';
import type { NotificationContext } from './context.ts';
import type { QueryResolvers } from './generated.ts';

export const Query: QueryResolvers<NotificationContext> = {
  async notifications(_parent, { first, after }, { sql, identity }) {
    const caller = requireCaller(identity);
    const size = pageSize(first);
    const rows = await listNotifications(sql, {
      customerId: identity.role === 'staff' ? undefined : caller,
      beforeId: typeof after === 'string' ? idInCursor(after) : undefined,
      limit: size + 1,
    });
    return toConnection(rows, {
      size,
      continued: typeof after === 'string',
      keyOf: ({ id }) => [id],
    });
  },
};

function idInCursor(cursor: string): string {
  const [id] = decodeCursor(cursor, 1);
  if (typeof id === 'string' && isId('ntf', id)) return id;
  throw badUserInput('This is not a cursor of this list.', ['after']);
}
