import type { Charge, Refund } from './domain.ts';

export type EventType =
  | 'charge.succeeded'
  | 'charge.failed'
  | 'charge.canceled'
  | 'refund.succeeded';

/** `withheld`: its token tells nobody. `abandoned`: every retry failed. Either can still be sent by hand. */
export type EventState = 'pending' | 'delivered' | 'abandoned' | 'withheld';

/** What a webhook tells: the charge or refund as it was at that moment. `created` is in Unix seconds. */
export type ProviderEvent = {
  readonly id: string;
  readonly type: EventType;
  readonly created: number;
  readonly object: Charge | Refund;
  readonly copies: 0 | 1 | 3;
};

export type LoggedEvent = { readonly event: ProviderEvent; readonly state: EventState };

export type EventLog = {
  record(event: ProviderEvent): void;
  finish(id: string, state: 'delivered' | 'abandoned'): void;
  find(id: string): LoggedEvent | undefined;
  pending(): Iterable<ProviderEvent>;
  /** The newest first, at most `limit`. */
  newest(limit: number): readonly LoggedEvent[];
};

/** Events still to deliver, all of them, and the last `keptMax` finished ones. */
export function createEventLog(keptMax = 10_000): EventLog {
  const pending = new Map<string, ProviderEvent>();
  const finished = new Map<string, LoggedEvent>();
  // A ring of their ids, because a Map whose oldest keys keep being deleted is slow to find its first one.
  const ring: string[] = [];
  let oldest = 0;

  function keep(event: ProviderEvent, state: EventState): void {
    if (!finished.has(event.id)) {
      const evicted = ring[oldest];
      if (evicted !== undefined) finished.delete(evicted);
      ring[oldest] = event.id;
      oldest = (oldest + 1) % keptMax;
    }
    finished.set(event.id, { event, state });
  }

  return {
    record(event) {
      if (event.copies === 0) keep(event, 'withheld');
      else pending.set(event.id, event);
    },
    finish(id, state) {
      const event = pending.get(id) ?? finished.get(id)?.event;
      if (event === undefined) return;
      pending.delete(id);
      keep(event, state);
    },
    find(id) {
      const event = pending.get(id);
      return event === undefined ? finished.get(id) : { event, state: 'pending' };
    },
    pending: () => pending.values(),
    newest(limit) {
      const waiting = [...pending.values()].map((event): LoggedEvent => ({
        event,
        state: 'pending',
      }));
      const all = [...finished.values(), ...waiting];
      return all
        .toReversed()
        .toSorted((one, other) => other.event.created - one.event.created)
        .slice(0, limit);
    },
  };
}
