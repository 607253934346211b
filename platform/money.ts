/** Money is a whole number of minor units (pence, cents) and an ISO 4217 code; a float never holds an amount. */
export type Money = { readonly minor: number; readonly currency: string };

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));
const digitsByCurrency: ReadonlyMap<string, number> = new Map(
  [...currencies].map((currency) => [
    currency,
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
      .maximumFractionDigits ?? 2,
  ]),
);

/** Whether a text is an ISO 4217 code. */
export function isCurrency(code: string): boolean {
  return currencies.has(code);
}

/** How many decimals a currency has: 2 for GBP, 0 for JPY, 3 for KWD. */
export function minorDigits(currency: string): number {
  return digitsByCurrency.get(currency) ?? 2;
}

/**
 * Reads a decimal such as `12.5` as minor units of a currency.
 * @returns undefined if it is no decimal, is negative, has more decimals than the currency, or exceeds 2^53 - 1 minor units.
 */
export function parseMoney(amount: string, currency: string): Money | undefined {
  const match = /^(\d{1,15})(?:\.(\d{1,4}))?$/.exec(amount);
  if (!match || !isCurrency(currency)) return undefined;
  const digits = minorDigits(currency);
  const fraction = (match[2] ?? '').replace(/0+$/, '');
  if (fraction.length > digits) return undefined;
  const minor = Number(`${match[1]}${fraction.padEnd(digits, '0')}`);
  return Number.isSafeInteger(minor) ? { minor, currency } : undefined;
}

/** Writes minor units as an exact decimal: 1250 GBP is `12.50`. */
export function formatAmount({ minor, currency }: Money): string {
  const digits = minorDigits(currency);
  if (digits === 0) return String(minor);
  const text = String(Math.abs(minor)).padStart(digits + 1, '0');
  return `${minor < 0 ? '-' : ''}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
