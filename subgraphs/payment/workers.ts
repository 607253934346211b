/** What runs beside the requests: charging, refunding, and events that wait, all over one settlement. */
import type { Database } from '@ordergraph/platform/database.ts';
import { GroupCommit } from '@ordergraph/platform/group-commit.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import type { Channels } from './channels/channel.ts';
import { startCharging } from './charging.ts';
import type { Fact, FactResult, Payments } from './commands.ts';
import type { Change } from './domain/batch.ts';
import { startRefunding } from './refunding.ts';
import {
  leaseAttempts,
  leaseRefunds,
  noteAttempts,
  noteRefunds,
  type Note,
  type Pauses,
} from './store/work.ts';
import { startWorkLoop } from './work-loop.ts';
import type { Webhooks } from './webhooks.ts';

export type WorkersOptions = {
  readonly sql: Database;
  readonly channels: Channels;
  readonly payments: Payments;
  readonly webhooks: Webhooks;
  readonly logger: Logger;
  readonly timing: WorkersTiming;
};

/** In milliseconds, but for the counts. */
export type WorkersTiming = {
  readonly chargeTimeoutMs: number;
  readonly reconcileAfterMs: number;
  readonly pollMs: number;
  readonly chargesInFlightMax: number;
  readonly refundsInFlightMax: number;
};

export type Workers = {
  /** Tells what a commit changed, so that what follows from it begins at once. */
  committed(changes: readonly Change[]): void;
  /** The same, where the changes are not at hand. */
  wake(): void;
  stop(): Promise<void>;
};

const batchMax = 256;
/** What a lease lasts beyond the call: time to record the outcome. */
const leaseMarginMs = 5_000;
const retryPauses = { retryFirstMs: 200, retryMaxMs: 5_000 };
const reconcileMaxMs = 60_000;

export function startWorkers(options: WorkersOptions): Workers {
  const { sql, channels, payments, webhooks, logger, timing } = options;
  const { pollMs, chargeTimeoutMs } = timing;
  const leaseMs = 2 * chargeTimeoutMs + leaseMarginMs;
  const pauses: Pauses = {
    ...retryPauses,
    reconcileFirstMs: timing.reconcileAfterMs,
    reconcileMaxMs: Math.max(reconcileMaxMs, timing.reconcileAfterMs),
  };
  const settlement = new GroupCommit<Fact, FactResult>({
    batchMax,
    concurrency: 2,
    run: (facts) => payments.settleNow(facts),
  });
  const settle = (fact: Fact) => settlement.submit(fact);
  const charging = startCharging({
    channels,
    logger,
    settle,
    pollMs,
    lease: (max) => leaseAttempts(sql, { max, leaseMs }),
    note: batched((notes) => noteAttempts(sql, notes, pauses)),
    inFlightMax: timing.chargesInFlightMax,
    leaseUsableMs: leaseMs - chargeTimeoutMs,
  });
  const refunding = startRefunding({
    channels,
    logger,
    settle,
    pollMs,
    lease: (max) => leaseRefunds(sql, { max, leaseMs }),
    note: batched((notes) => noteRefunds(sql, notes, pauses)),
    inFlightMax: timing.refundsInFlightMax,
  });
  const waiting = startWorkLoop<true>({
    name: 'waiting webhooks',
    logger,
    pollMs,
    inFlightMax: 1,
    lease: async () => ((await webhooks.processWaiting()) ? [true] : []),
    work: async () => undefined,
  });
  return {
    committed(changes) {
      const events = changes.flatMap((change) => change.events);
      const starts = events.some(
        ({ kind }) => kind === 'AttemptStarted' || kind === 'ClosingBegun',
      );
      if (starts) charging.wake();
      if (events.some(({ kind }) => kind === 'RefundStarted')) refunding.wake();
      charging.settled(events.flatMap((event) => settledAttempt(event)));
    },
    wake() {
      charging.wake();
      refunding.wake();
    },
    async stop() {
      await Promise.all([charging.stop(), refunding.stop(), waiting.stop()]);
    },
  };
}

/** Notes that come at the same time share a statement. */
function batched(write: (notes: readonly Note[]) => Promise<void>) {
  const group = new GroupCommit<Note, true>({
    batchMax,
    concurrency: 2,
    async run(notes) {
      await write(notes);
      return notes.map(() => true);
    },
  });
  return (note: Note) => group.submit(note);
}

function settledAttempt(event: Change['events'][number]): string[] {
  if (event.kind !== 'AttemptMoved' || event.to === 'WITHDRAWING') return [];
  return [event.attemptId];
}
