/**
 * Puts what others report, and what time brings, to many orders at once: lock, decide one by one in the order given,
 * then one statement for rows and history and one for the outbox.
 */
import { newId } from '@ordergraph/platform/ids.ts';
import { appendToOutbox } from '@ordergraph/platform/outbox.ts';
import type { Transaction } from '@ordergraph/platform/database.ts';
import type { Cause } from '@ordergraph/schema/events/envelope.ts';
import { deadlineAfter, type DeadlinePolicy } from '../domain/deadlines.ts';
import { decide, type OrderCommand, type Rejection } from '../domain/decide.ts';
import { evolve } from '../domain/evolve.ts';
import type { Order, OrderChange } from '../domain/order.ts';
import { toEvent } from '../messaging/publish.ts';
import { findLines, saveChanges, type ChangedOrder } from '../store/orders.ts';

export type OrderInstruction = {
  readonly orderId: string;
  readonly command: OrderCommand;
  readonly cause: Cause;
  /** The payment attempt that the command tells of. */
  readonly attemptId?: string;
};

export type Advance = {
  readonly changes: readonly OrderChange[];
  readonly rejections: readonly { readonly orderId: string; readonly rejection: Rejection }[];
};

/** Advances locked orders. Instructions for an order that is not among them are ignored. */
export async function advanceOrders(
  tx: Transaction,
  locked: readonly Order[],
  work: { instructions: readonly OrderInstruction[]; now: Date; policy: DeadlinePolicy },
): Promise<Advance> {
  const { instructions, now, policy } = work;
  const orders = new Map(locked.map((order) => [order.id, order]));
  const changed: (ChangedOrder & { instruction: OrderInstruction })[] = [];
  const rejections: { orderId: string; rejection: Rejection }[] = [];
  for (const instruction of instructions) {
    const order = orders.get(instruction.orderId);
    if (!order) continue;
    const decision = decide(order, instruction.command, { now, changeId: newId('evt') });
    if (decision.kind === 'rejected') {
      rejections.push({ orderId: order.id, rejection: decision.rejection });
    } else if (decision.kind === 'accepted') {
      const { change } = decision;
      const next = evolve(order, change);
      orders.set(order.id, next);
      changed.push({ order: next, change, deadlineAt: deadlineAfter(change, policy), instruction });
    }
  }
  if (changed.length === 0) return { changes: [], rejections };
  await saveChanges(tx, changed);
  const linesByOrder = await linesOfConfirmed(tx, changed);
  await appendToOutbox(
    tx,
    changed.map(({ order, change, instruction }) =>
      toEvent(order, change, {
        lines: linesByOrder.get(order.id) ?? [],
        cause: instruction.cause,
        attemptId: instruction.attemptId,
      }),
    ),
  );
  return { changes: changed.map(({ change }) => change), rejections };
}

async function linesOfConfirmed(
  tx: Transaction,
  changed: readonly ChangedOrder[],
): Promise<Map<string, Awaited<ReturnType<typeof findLines>>>> {
  const confirmed = changed.filter(({ change }) => change.status === 'CONFIRMED');
  if (confirmed.length === 0) return new Map();
  const lines = await findLines(
    tx,
    confirmed.map(({ order }) => order.id),
  );
  return Map.groupBy(lines, ({ orderId }) => orderId);
}
