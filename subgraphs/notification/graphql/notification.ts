import type { NotificationContext } from './context.ts';
import type { NotificationResolvers } from './generated.ts';

export const Notification: NotificationResolvers<NotificationContext> = {
  order: ({ orderId }) => ({ __typename: 'Order', id: orderId }),
};
