/** Checks of what callers send. Each throws BAD_USER_INPUT with the path of the field at fault. */
import { mentionsCardNumber } from '@ordergraph/platform/card-numbers.ts';
import { badUserInput } from '@ordergraph/platform/errors.ts';
import { parseMoney, type Money } from '@ordergraph/platform/money.ts';
import type { MoneyInput } from './generated.ts';

type Field = readonly string[];

/** Control characters; PostgreSQL has no place for U+0000, and the others would only hide in names. */
const unprintable = /[\p{Cc}\p{Cs}]/u;

/** Whether a text could be the identifier of anything here; what could not need not be looked up. */
export function isIdentifier(text: string, lengthMax = 64): boolean {
  return text.length >= 1 && text.length <= lengthMax && !unprintable.test(text);
}

/** One line of 1 to `lengthMax` characters. */
export function line(text: string, field: Field, lengthMax: number): string {
  if (isIdentifier(text, lengthMax)) return text;
  throw badUserInput(
    `${field.at(-1)} must have 1 to ${lengthMax} characters, none of them a control character.`,
    field,
  );
}

/** Text of any number of lines, at most `lengthMax` characters; null if there is none. */
export function prose(
  text: string | null | undefined,
  field: Field,
  lengthMax: number,
): string | null {
  if (!text) return null;
  if (text.length <= lengthMax && !unprintable.test(text.replaceAll(/[\n\r\t]/g, ' '))) return text;
  throw badUserInput(
    `${field.at(-1)} must have at most ${lengthMax} characters, none of them a control character.`,
    field,
  );
}

/** What somebody wrote and everybody will read; a card number in it would be kept for ever. */
export function withoutCardNumber<T extends string | null>(text: T, field: Field): T {
  if (text === null || !mentionsCardNumber(text)) return text;
  throw badUserInput(`${field.at(-1)} looks as if a card number were in it.`, field);
}

/** An amount that is not negative and has no more decimals than its currency. */
export function money(input: MoneyInput, field: Field): Money {
  const parsed = parseMoney(input.amount, input.currencyCode);
  if (parsed) return parsed;
  throw badUserInput(`This is not an amount in ${input.currencyCode}.`, [...field, 'amount']);
}

/** A whole number that is not 0 and whose opposite is an Int as well. */
export function delta(value: number, field: Field): number {
  if (value !== 0 && Math.abs(value) <= 2_147_483_647) return value;
  throw badUserInput(`${field.at(-1)} must be from -2147483647 to 2147483647 and not 0.`, field);
}
