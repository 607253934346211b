import type { NotificationContext } from './context.ts';
import type { Resolvers } from './generated.ts';
import { Notification } from './notification.ts';
import { Order } from './order.ts';
import { Query } from './query.ts';

export const resolvers: Resolvers<NotificationContext> = { Notification, Order, Query };
