/** Checks what the schema's types cannot say of input. Every fault is BAD_USER_INPUT and names the field. */
import { badUserInput } from '@ordergraph/platform/errors.ts';
import { hidesCardNumber, mentionsCardNumber } from '@ordergraph/platform/card-numbers.ts';
import { parseMoney, type Money } from '@ordergraph/platform/money.ts';

const textMax = 255;
/** ITU-T E.164. */
const phoneDigitsMax = 15;

/** A name that a program or a catalogue gave: 1 to `max` characters, not blank, without control characters. */
export function identifier(value: string, field: readonly string[], max = textMax): string {
  if (value.trim() === '') throw badUserInput('This must not be empty.', field);
  return printable(value, field, max);
}

/** What a person wrote: the same, without card numbers. */
export function requiredText(value: string, field: readonly string[]): string {
  return withoutCardNumber(identifier(value, field), field);
}

export function optionalText(
  value: string | null | undefined,
  field: readonly string[],
): string | null {
  return value === null || value === undefined || value === ''
    ? null
    : withoutCardNumber(printable(value, field, textMax), field);
}

/** A telephone number. One that begins with its `+` is never taken for a card's, nor a card's for one: it is too long. */
export function optionalPhone(
  value: string | null | undefined,
  field: readonly string[],
): string | null {
  const text = optionalText(value, field);
  if (text !== null && text.replaceAll(/\D/g, '').length > phoneDigitsMax) {
    throw badUserInput(`A telephone number has at most ${phoneDigitsMax} digits.`, field);
  }
  return text;
}

function withoutCardNumber(text: string, field: readonly string[]): string {
  if (!mentionsCardNumber(text)) return text;
  throw badUserInput(
    'This looks as if a card number were in it. Begin a telephone number with + and its country code.',
    field,
  );
}

function printable(value: string, field: readonly string[], max: number): string {
  if (value.length > max) throw badUserInput(`This must have at most ${max} characters.`, field);
  // Neither a NUL nor half of a surrogate pair can be stored, and a line break has no place in a name or a key.
  if (/[\p{Cc}\p{Cs}]/u.test(value)) {
    throw badUserInput('This must not contain control characters or halves of characters.', field);
  }
  return value;
}

/** An e-mail address in its everyday form; whether it can be delivered to only the mail server knows. */
export function optionalEmail(
  value: string | null | undefined,
  field: readonly string[],
): string | null {
  const text = optionalText(value, field);
  if (
    text !== null &&
    !/^[^\s@<>",;:\\()[\]]+@[^\s@<>",;:\\()[\]]+\.[^\s@<>",;:\\()[\]]+$/.test(text)
  ) {
    throw badUserInput('This is not an e-mail address.', field);
  }
  return text;
}

/** A provider's token. Card data is refused, so that it is never stored. */
export function paymentToken(value: string, field: readonly string[]): string {
  const token = identifier(value, field);
  if (hidesCardNumber(token)) {
    throw badUserInput(
      'This looks like a card number; give the token your provider made of it.',
      field,
    );
  }
  return token;
}

export function money(
  value: { amount: string; currencyCode: string },
  field: readonly string[],
): Money {
  const parsed = parseMoney(value.amount, value.currencyCode);
  if (!parsed) throw badUserInput('This is not an amount of its currency.', field);
  return parsed;
}

/** A whole number within bounds, both included. */
export function integer(
  value: number,
  field: readonly string[],
  bounds: { min: number; max: number },
): number {
  if (value < bounds.min || value > bounds.max) {
    throw badUserInput(`This must be from ${bounds.min} to ${bounds.max}.`, field);
  }
  return value;
}
