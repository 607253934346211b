/** Card numbers have no place here; what looks like one is refused before anything is written down. */

const groupsOfDigits = /\d(?:[ -]?\d){12,}/g;

/** Whether a text has 13 to 19 digits in a row, single spaces or hyphens between them allowed, that pass Luhn's check. */
export function looksLikeCardNumber(text: string): boolean {
  return [...text.matchAll(groupsOfDigits)].some(([run]) => {
    const digits = run.replaceAll(/\D/g, '');
    return digits.length <= 19 && passesLuhn(digits);
  });
}

function passesLuhn(digits: string): boolean {
  const sum = digits.split('').reduceRight((total, digit, i) => {
    const doubled = (digits.length - i) % 2 === 0 ? Number(digit) * 2 : Number(digit);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}
