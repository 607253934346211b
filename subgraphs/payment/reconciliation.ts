/**
 * Invariant 11: our attempts and the provider's journal agree, charge by charge. Used by `npm run invariants`.
 *
 * The journal is read first and the database afterwards, so that what settles in between is known to us at least as well
 * as to the page read; what changed within the grace is left for the next run.
 */
import type { Queryable } from '@ordergraph/platform/database.ts';
import type { PaymentChannel } from './channels/channel.ts';
import {
  compareJournals,
  type Difference,
  type OurCharge,
  type TheirCharge,
} from './domain/reconciliation.ts';
import { findCharges } from './store/reconciliation.ts';

/** Differences older than `graceMs` (60 s is the promise); none if all is well. */
export async function reconcile(
  { sql, channel }: { sql: Queryable; channel: PaymentChannel },
  { now, graceMs }: { now: Date; graceMs: number },
): Promise<Difference[]> {
  const theirs: TheirCharge[] = [];
  for await (const page of channel.journal()) theirs.push(...page);
  const ours: OurCharge[] = await findCharges(sql, channel.name);
  return compareJournals(ours, theirs, new Date(now.getTime() - graceMs));
}
