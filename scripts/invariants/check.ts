/** All invariants of docs/guarantees.md that tables, streams and the provider's journal can state. */
import { analyticsInvariants } from './analytics.ts';
import { cardNumberInvariants } from './card-numbers.ts';
import { eventInvariants } from './events.ts';
import { examine, type Invariant, type Verdict } from './invariant.ts';
import { moneyInvariants } from './money.ts';
import { notificationInvariants } from './notifications.ts';
import { orderInvariants } from './orders.ts';
import { openScene, promisedGrace, type Connections, type Grace } from './scene.ts';
import { stockInvariants } from './stock.ts';

/** In order of their numbers. 20, what a subscriber saw last, is checked by the replay, which subscribes. */
export const invariants: readonly Invariant[] = [
  ...stockInvariants,
  ...moneyInvariants,
  ...orderInvariants,
  ...eventInvariants,
  ...notificationInvariants,
  ...cardNumberInvariants,
  ...analyticsInvariants,
].toSorted((a, b) => a.number - b.number);

export type CheckOptions = {
  readonly grace?: Partial<Grace>;
  /** Texts that must not be found anywhere. */
  readonly secrets?: readonly string[];
  /** Called before each, to show what is being looked at. */
  readonly onStart?: (invariant: Invariant) => void;
  readonly onVerdict?: (verdict: Verdict) => void;
};

/**
 * Checks every invariant on a system, at work or at rest. What may still be on its way is waited for.
 * @throws if a database, NATS or the provider cannot be reached
 */
export async function checkInvariants(
  connections: Connections,
  options: CheckOptions = {},
): Promise<Verdict[]> {
  const { scene, close } = await openScene(connections, {
    grace: { ...promisedGrace, ...options.grace },
    secrets: options.secrets ?? [],
  });
  try {
    const verdicts: Verdict[] = [];
    for (const invariant of invariants) {
      options.onStart?.(invariant);
      const verdict = await examine(invariant, scene);
      options.onVerdict?.(verdict);
      verdicts.push(verdict);
    }
    return verdicts;
  } finally {
    await close();
  }
}
