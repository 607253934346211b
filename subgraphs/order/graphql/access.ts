/** Whose orders a caller may see. Somebody else's order looks exactly like an absent one. */
import { requireCaller } from '@ordergraph/platform/access.ts';
import type { Identity } from '@ordergraph/platform/identity.ts';
import { isId } from '@ordergraph/platform/ids.ts';
import type { Order } from '../domain/order.ts';
import type { OrderContext } from './context.ts';

export function maySee(identity: Identity, order: Order): boolean {
  return identity.role === 'staff' || order.customerId === identity.subject;
}

/** The order if the caller may see it. @throws UNAUTHENTICATED for anonymous callers. */
export async function visibleOrder(context: OrderContext, id: string): Promise<Order | null> {
  requireCaller(context.identity);
  if (!isId('ord', id)) return null;
  const order = await context.loaders.order.load(id);
  return order && maySee(context.identity, order) ? order : null;
}
