import { decodeCursor, pageSize, toConnection } from '@ordergraph/platform/keyset.ts';
import { badUserInput } from '@ordergraph/platform/errors.ts';
import type { Order } from '../domain/order.ts';
import { visibleOrder } from './access.ts';
import type { OrderContext } from './context.ts';
import type { OrderResolvers } from './generated.ts';
import type { MoneySource } from './sources.ts';

export const orderResolvers: OrderResolvers<OrderContext> = {
  __resolveReference: ({ id }, context) => visibleOrder(context, id),
  lines: async (order, _args, { loaders }) =>
    (await loaders.lines.load(order.id)).map((line) => ({ ...line, currency: order.currency })),
  subtotal: (order) => inCurrencyOf(order, order.subtotalMinor),
  total: (order) => inCurrencyOf(order, order.totalMinor),
  history: async (order, { first, after }, { loaders }) => {
    const size = pageSize(first, 50);
    const afterVersion = after ? versionIn(after, order) : 0;
    const rows = await loaders.history.load({ orderId: order.id, afterVersion, limit: size + 1 });
    return toConnection(rows, {
      size,
      continued: Boolean(after),
      keyOf: (change) => [order.id, change.version],
    });
  },
};

function versionIn(cursor: string, order: Order): number {
  const [orderId, version] = decodeCursor(cursor, 2);
  const isVersion = typeof version === 'number' && Number.isInteger(version);
  if (orderId === order.id && isVersion && version >= 1 && version <= order.version) {
    return version;
  }
  throw badUserInput('This is not a cursor of this list.', ['after']);
}

function inCurrencyOf(order: Order, minor: number): MoneySource {
  return { minor, currency: order.currency };
}
