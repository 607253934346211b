/**
 * An order's notifications. This service knows an order's customer only from the notifications it wrote: an order of
 * somebody else answers null, one without notifications an empty list.
 */
import type { NotificationContext } from './context.ts';
import type { OrderResolvers } from './generated.ts';

export const Order: OrderResolvers<NotificationContext> = {
  __resolveReference: ({ id }) => ({ id }),
  async notifications({ id }, _args, { identity, loaders }) {
    if (identity.subject === null) return null;
    const notifications = await loaders.notificationsByOrder.load(id);
    const visible =
      identity.role === 'staff' ||
      notifications.every(({ customerId }) => customerId === identity.subject);
    return visible ? notifications : null;
  },
};
