/** Which event makes which command. */
import { newId } from '@ordergraph/platform/ids.ts';
import type { Transaction } from '@ordergraph/platform/database.ts';
import { causedBy, type EventOf } from '@ordergraph/schema/events/envelope.ts';
import {
  productUpserted,
  stockHeld,
  stockRefused,
  stockReleased,
} from '@ordergraph/schema/events/inventory.ts';
import {
  paymentCaptured,
  paymentClosed,
  paymentDeclined,
  paymentMismatched,
} from '@ordergraph/schema/events/payment.ts';
import { advanceOrders, type OrderInstruction } from '../commands/advance-orders.ts';
import type { DeadlinePolicy } from '../domain/deadlines.ts';
import type { OrderCommand } from '../domain/decide.ts';
import type { OrderChange } from '../domain/order.ts';
import { noteReturned, type Returned } from '../store/cancellations.ts';
import { upsertEntries } from '../store/catalogue.ts';
import { lockOrders } from '../store/orders.ts';

export const inventoryEventsWanted = [
  stockHeld,
  stockRefused,
  stockReleased,
  productUpserted,
] as const;
export const paymentEventsWanted = [
  paymentCaptured,
  paymentDeclined,
  paymentMismatched,
  paymentClosed,
] as const;

export type InventoryEvent = EventOf<(typeof inventoryEventsWanted)[number]>;
export type PaymentEvent = EventOf<(typeof paymentEventsWanted)[number]>;
export type HandlerContext = { readonly now: Date; readonly policy: DeadlinePolicy };

/** What inventory tells: products for the projection, answers about stock for the orders. */
export async function handleInventoryEvents(
  tx: Transaction,
  events: readonly InventoryEvent[],
  context: HandlerContext,
): Promise<readonly OrderChange[]> {
  const products = events.flatMap((event) =>
    event.type === 'product.upserted' ? [event.data] : [],
  );
  if (products.length > 0) await upsertEntries(tx, products);
  const answers = events.filter((event) => event.type !== 'product.upserted');
  return handleAnswers(tx, answers, context);
}

/** What payment tells. */
export async function handlePaymentEvents(
  tx: Transaction,
  events: readonly PaymentEvent[],
  context: HandlerContext,
): Promise<readonly OrderChange[]> {
  return handleAnswers(tx, events, context);
}

type Answer = Exclude<InventoryEvent, { type: 'product.upserted' }> | PaymentEvent;

async function handleAnswers(
  tx: Transaction,
  answers: readonly Answer[],
  context: HandlerContext,
): Promise<readonly OrderChange[]> {
  if (answers.length === 0) return [];
  const orders = await lockOrders(
    tx,
    answers.map(({ data }) => data.orderId),
  );
  const returned = answers.flatMap((answer) => whatCameBack(answer));
  const complete =
    returned.length > 0 ? await noteReturned(tx, returned, context.now) : new Set<string>();
  const instructions = answers.flatMap((answer): OrderInstruction[] => {
    const { orderId } = answer.data;
    const cause = causedBy(answer);
    const command = toCommand(answer);
    if (command) {
      const attempt = 'attemptId' in answer.data ? { attemptId: answer.data.attemptId } : {};
      return [{ orderId, command, cause, ...attempt }];
    }
    return complete.has(orderId)
      ? [{ orderId, command: { kind: 'CompleteCancellation' }, cause }]
      : [];
  });
  const { changes } = await advanceOrders(tx, orders, { instructions, ...context });
  return changes;
}

/** The event → command table. What comes back in a cancellation has no command of its own. */
function toCommand(answer: Answer): OrderCommand | undefined {
  switch (answer.type) {
    case 'stock.held':
      return { kind: 'RecordStockHeld', expiresAt: new Date(answer.data.expiresAt) };
    case 'stock.refused':
      return { kind: 'RecordStockRefused', reason: answer.data.reason };
    case 'payment.captured': {
      const { amountMinor, currency } = answer.data;
      return { kind: 'RecordPaymentCaptured', amountMinor, currency };
    }
    case 'payment.declined':
      return { kind: 'RecordPaymentDeclined' };
    case 'payment.mismatched':
      return { kind: 'RecordPaymentMismatched' };
    case 'stock.released':
    case 'payment.closed':
      return undefined;
  }
}

function whatCameBack(answer: Answer): Returned[] {
  if (answer.type === 'stock.released') return [{ orderId: answer.data.orderId, what: 'stock' }];
  if (answer.type === 'payment.closed') return [{ orderId: answer.data.orderId, what: 'payment' }];
  return [];
}

/** The cause of what nobody but time set going. */
export function timeAsCause(): { correlationId: string; causationId: null } {
  return { correlationId: newId('evt'), causationId: null };
}
