/** What of an event's data is kept: nothing that names a person, and no payment token. */

/** Stands for a reason that somebody wrote in words of their own. */
export const otherReason = 'OTHER';

/** A field that is not named here is not kept, so that a new one needs a decision. */
export const keptFields = [
  'orderId',
  'customerId',
  'number',
  'lines',
  'amountMinor',
  'totalMinor',
  'currency',
  'countryCode',
  'channel',
  'attemptId',
  'holdExpiresAt',
  'reason',
] as const;

/** Decided against: these name a person or open a door. */
export const droppedFields = ['contact', 'paymentToken'] as const;

const kept: ReadonlySet<string> = new Set(keptFields);

/** A copy of an event's data without personal data and secrets. Identifiers stay. */
export function withoutPersonalData(
  data: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data)
      .filter(([field]) => kept.has(field))
      .map(([field, value]) => [field, field === 'reason' ? reasonCode(value) : value]),
  );
}

function reasonCode(reason: unknown): string {
  return typeof reason === 'string' && /^[A-Z][A-Z_]{0,63}$/.test(reason) ? reason : otherReason;
}
