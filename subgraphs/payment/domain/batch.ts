/** Runs a batch of commands over the payments they concern, each seeing what those before it did. */
import type { Decision, PaymentCommand, PaymentEvent } from './commands.ts';
import { decide } from './decide.ts';
import { evolveAll } from './evolve.ts';
import type { Payment } from './payment.ts';

/** What a batch made of one payment. */
export type Change = {
  readonly before: Payment | undefined;
  readonly after: Payment;
  readonly events: readonly PaymentEvent[];
};

export type Addressed = { readonly orderId: string; readonly command: PaymentCommand };

/** The n-th decision answers the n-th command; `changes` are in order of order id, one per payment that changed. */
export function decideBatch(
  loaded: ReadonlyMap<string, Payment>,
  commands: readonly Addressed[],
): { readonly decisions: readonly Decision[]; readonly changes: readonly Change[] } {
  const changes = new Map<string, Change>();
  const decisions = commands.map(({ orderId, command }) => {
    const change = changes.get(orderId);
    const payment = change?.after ?? loaded.get(orderId);
    const decision = decide(payment, command);
    if (decision.kind === 'refused' || decision.events.length === 0) return decision;
    const after = evolveAll(payment, decision.events);
    if (after) {
      const events = [...(change?.events ?? []), ...decision.events];
      changes.set(orderId, { before: loaded.get(orderId), after, events });
    }
    return decision;
  });
  const sorted = [...changes.values()].toSorted((a, b) =>
    a.after.orderId < b.after.orderId ? -1 : 1,
  );
  return {
    decisions,
    changes: sorted.map((change) => ({
      ...change,
      after: { ...change.after, version: (change.before?.version ?? 0) + 1 },
    })),
  };
}
