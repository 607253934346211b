import { requireCaller } from '@ordergraph/platform/access.ts';
import { fault } from '@ordergraph/platform/errors.ts';
import type { Order, OrderChange } from '../domain/order.ts';
import { streamActivity } from '../live/activity-stream.ts';
import {
  cursorExpired,
  feedCursor,
  orderCursor,
  readFeedCursor,
  readOrderCursor,
} from '../live/cursors.ts';
import { streamOrder } from '../live/order-stream.ts';
import { feedEnd, isKnownPosition } from '../store/history.ts';
import { visibleOrder } from './access.ts';
import type { OrderContext } from './context.ts';
import type { SubscriptionResolvers } from './generated.ts';
import type { OrderStatusChangeSource } from './sources.ts';

export const subscriptionResolvers: SubscriptionResolvers<OrderContext> = {
  orderStatusChanged: {
    subscribe: async (_root, { orderId, after }, context) => {
      const order = await visibleOrder(context, orderId);
      if (!order) throw fault('BAD_USER_INPUT', 'There is no such order.', { field: ['orderId'] });
      if (after) return statusChanges(context, order, readOrderCursor(after, order));
      return statusChanges(context, order, order.version, snapshot(order));
    },
    resolve: (change: OrderStatusChangeSource) => change,
  },
  orderActivity: {
    subscribe: async (_root, { after }, context) => {
      const caller = requireCaller(context.identity);
      const place = after ? readFeedCursor(after) : await feedEnd(context.sql);
      if (after && !(await isKnownPosition(context.sql, place))) throw cursorExpired();
      return activity(context, context.identity.role === 'staff' ? null : caller, place);
    },
    resolve: (change: OrderStatusChangeSource) => change,
  },
};

function statusChanges(
  context: OrderContext,
  order: Order,
  afterVersion: number,
  first?: OrderStatusChangeSource,
): AsyncGenerator<OrderStatusChangeSource> {
  const changes = streamOrder(context, order.id, afterVersion);
  return relayed(context, changes, {
    first,
    toSource: (change) => toChange(change, orderCursor(change.orderId, change.version)),
  });
}

function activity(
  context: OrderContext,
  customerId: string | null,
  place: { transaction: string; position: number },
): AsyncGenerator<OrderStatusChangeSource> {
  return relayed(context, streamActivity(context, customerId, place), {
    first: undefined,
    toSource: (entry) => toChange(entry, feedCursor(entry)),
  });
}

/** Passes a stream on. Written out, because `return()` of a generator function waits for a `next()` that may never end. */
function relayed<T>(
  { loaders }: OrderContext,
  source: AsyncGenerator<T>,
  options: {
    first: OrderStatusChangeSource | undefined;
    toSource: (value: T) => OrderStatusChangeSource;
  },
): AsyncGenerator<OrderStatusChangeSource> {
  let first = options.first;
  return {
    next: async () => {
      // The loaders live as long as the subscription: what they knew of the order is out of date with every event.
      loaders.order.clearAll();
      if (first) {
        const value = first;
        first = undefined;
        return { value, done: false };
      }
      const { value, done } = await source.next();
      loaders.order.clearAll();
      return done
        ? { value: undefined, done: true }
        : { value: options.toSource(value), done: false };
    },
    return: async () => {
      await source.return(undefined);
      return { value: undefined, done: true };
    },
    throw: async (error) => {
      await source.return(undefined);
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: async () => {
      await source.return(undefined);
    },
  };
}

function snapshot(order: Order): OrderStatusChangeSource {
  return {
    cursor: orderCursor(order.id, order.version),
    orderId: order.id,
    status: order.status,
    previousStatus: null,
    version: order.version,
    occurredAt: order.updatedAt,
    snapshot: true,
  };
}

function toChange(change: OrderChange, cursor: string): OrderStatusChangeSource {
  const { orderId, status, previousStatus, version, occurredAt } = change;
  return { cursor, orderId, status, previousStatus, version, occurredAt, snapshot: false };
}
