/**
 * Card numbers must not get anywhere near this system: 13 to 19 digits whose check digit fits (ISO/IEC 7812-1, Luhn), with
 * single blanks or hyphens between them at most. What a caller types is looked through at the door, by the same rule by
 * which `npm run invariants` looks through databases and streams.
 */

/** A run that stands alone: what hangs on a letter, a point or a sign is an identifier, an amount or a telephone number. */
const standing = /(?<![\w.+-])\d(?:[ -]?\d){12,18}(?![\w-])/g;
/** A run of any length, whatever is around it. */
const anywhere = /\d(?:[ -]?\d){12,}/g;

/** Whether a text as a whole is one. */
export function looksLikeCardNumber(text: string): boolean {
  const digits = text.replaceAll(/[\s-]/g, '');
  if (!/^\d{13,19}$/.test(digits)) return false;
  const sum = Array.from(digits)
    .toReversed()
    .reduce((total, character, i) => {
      const digit = Number(character) * (i % 2 === 1 ? 2 : 1);
      return total + (digit > 9 ? digit - 9 : digit);
    }, 0);
  return sum % 10 === 0;
}

/** Whether one stands in a text that a person wrote. */
export function mentionsCardNumber(text: string): boolean {
  return [...text.matchAll(standing)].some(([run]) => looksLikeCardNumber(run));
}

/** Whether one is hidden in a token, where letters may hang on it. */
export function hidesCardNumber(token: string): boolean {
  return [...token.matchAll(anywhere)].some(([run]) => looksLikeCardNumber(run));
}
