/**
 * The process manager looks at orders whose deadline has passed: it ends holds that nobody paid for, gives up placements
 * that inventory never answered, and asks again where a cancellation hangs. Deadlines are in the orders' rows, so nothing
 * is lost with a process; several instances share the work by skipping each other's locks.
 */
import { newId } from '@ordergraph/platform/ids.ts';
import type { Database, Transaction } from '@ordergraph/platform/database.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { appendToOutbox } from '@ordergraph/platform/outbox.ts';
import { Signal } from '@ordergraph/platform/signal.ts';
import { createEvent } from '@ordergraph/schema/events/envelope.ts';
import { orderCancelling } from '@ordergraph/schema/events/order.ts';
import { advanceOrders } from './commands/advance-orders.ts';
import type { DeadlinePolicy } from './domain/deadlines.ts';
import type { OrderCommand } from './domain/decide.ts';
import type { Order, OrderChange } from './domain/order.ts';
import { timeAsCause } from './messaging/consumers.ts';
import { lockDueOrders, postponeDeadlines } from './store/orders.ts';

const batchMax = 256;
const lookEveryMs = 250;

export type ProcessManagerOptions = {
  readonly sql: Database;
  readonly logger: Logger;
  readonly policy: DeadlinePolicy;
  readonly now: () => Date;
  /** Called after each commit with what changed. */
  readonly afterCommit: (changes: readonly OrderChange[]) => void;
};

/** Starts looking; `stop` finishes the batch at hand. */
export function startProcessManager(options: ProcessManagerOptions): { stop(): Promise<void> } {
  const signal = new Signal();
  let stopping = false;
  const loop = async (): Promise<void> => {
    while (!stopping) {
      let count = 0;
      try {
        count = await workOffDeadlines(options);
      } catch (error) {
        options.logger.warn({ err: error }, 'deadlines could not be worked off');
      }
      if (count < batchMax) await signal.wait(lookEveryMs);
    }
  };
  const done = loop();
  return {
    async stop() {
      stopping = true;
      signal.ring();
      await done;
    },
  };
}

/** Works off up to a batch of due orders in one transaction; returns how many there were. */
export async function workOffDeadlines(options: ProcessManagerOptions): Promise<number> {
  const now = options.now();
  const [due, changes] = await options.sql.begin(async (tx) => {
    const orders = await lockDueOrders(tx, now, batchMax);
    const advanced = await advanceOrders(tx, orders, {
      instructions: orders.flatMap((order) => {
        const command = overdueCommand(order);
        return command ? [{ orderId: order.id, command, cause: timeAsCause() }] : [];
      }),
      now,
      policy: options.policy,
    });
    await askAgain(tx, { orders, now, policy: options.policy });
    return [orders.length, advanced.changes] as const;
  });
  if (due > 0) options.afterCommit(changes);
  return due;
}

function overdueCommand(order: Order): OrderCommand | undefined {
  if (order.status === 'RESERVED') return { kind: 'EndHold' };
  return order.status === 'PLACED' ? { kind: 'TimeOutPlacement' } : undefined;
}

/** Repeats the request to give back, under a new event id: who has answered already answers again. */
async function askAgain(
  tx: Transaction,
  work: { orders: readonly Order[]; now: Date; policy: DeadlinePolicy },
): Promise<void> {
  const { now, policy } = work;
  const waiting = work.orders.filter((order) => order.status === 'CANCELLING');
  if (waiting.length === 0) return;
  await appendToOutbox(
    tx,
    waiting.map(({ id: orderId, customerId, statusReason }) =>
      createEvent(orderCancelling, {
        id: newId('evt'),
        subject: orderId,
        time: now,
        data: { orderId, customerId, reason: statusReason ?? '' },
        cause: timeAsCause(),
      }),
    ),
  );
  const until = new Date(now.getTime() + policy.cancellationTimeoutMs);
  await postponeDeadlines(
    tx,
    waiting.map(({ id }) => id),
    until,
  );
}
