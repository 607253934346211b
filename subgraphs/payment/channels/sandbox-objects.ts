/** The sandbox provider's objects, as far as they are read here. Amounts are minor units, times Unix seconds. */
import { z } from 'zod';
import type { ChargeOutcome } from '../domain/commands.ts';

/** What is kept as text: neither control characters, a NUL first of all, nor halves of surrogate pairs can be stored. */
const text = z.string().regex(/^[^\p{Cc}\p{Cs}]*$/u);
export const identifier = text.min(1).max(128);
const minorUnits = z.int().min(0);
const seconds = z.int();
const key = text.min(1).max(255);
const metadata = z.record(z.string(), text);

export const chargeSchema = z.object({
  id: identifier,
  status: z.enum(['pending', 'succeeded', 'failed', 'canceled']),
  amountCaptured: minorUnits,
  currency: text.length(3),
  failureCode: text.max(64).nullish(),
  idempotencyKey: key.optional(),
  metadata: metadata.optional(),
});

/** A charge with what only its journal is read for. */
export const journalChargeSchema = chargeSchema.extend({
  idempotencyKey: key,
  amountRefunded: minorUnits,
  created: seconds,
  settled: seconds.nullable(),
  refunds: z.array(z.object({ created: seconds, settled: seconds.nullable() })),
});

export const refundSchema = z.object({
  id: identifier,
  status: z.enum(['pending', 'succeeded']),
  idempotencyKey: key.optional(),
  metadata: metadata.optional(),
});

export const problemSchema = z.object({ error: z.object({ code: z.string().min(1).max(64) }) });

export function listSchema<S extends z.ZodType>(item: S) {
  return z.object({ data: z.array(item) });
}

export type SandboxCharge = z.infer<typeof chargeSchema>;
export type SandboxJournalCharge = z.infer<typeof journalChargeSchema>;

export function outcomeOf(charge: SandboxCharge): ChargeOutcome {
  const chargeId = charge.id;
  switch (charge.status) {
    case 'pending':
      return { kind: 'pending', chargeId };
    case 'succeeded':
      return {
        kind: 'captured',
        chargeId,
        amount: { minor: charge.amountCaptured, currency: charge.currency },
      };
    case 'failed':
      return { kind: 'declined', chargeId, failureCode: charge.failureCode ?? 'declined' };
    case 'canceled':
      return { kind: 'voided', chargeId };
  }
}
