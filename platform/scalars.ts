/** The custom scalars of the schema. A malformed value is BAD_USER_INPUT. */
import { GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { badUserInput } from './errors.ts';
import { isCurrency } from './money.ts';

const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });

function textScalar(
  name: string,
  rule: { expected: string; accepts: (text: string) => boolean },
): GraphQLScalarType<string, string> {
  const parse = (value: unknown): string => {
    if (typeof value === 'string' && rule.accepts(value)) return value;
    throw badUserInput(`${name} must be ${rule.expected}.`);
  };
  return new GraphQLScalarType({
    name,
    serialize: (value) => (value instanceof Date ? value.toISOString() : String(value)),
    parseValue: parse,
    parseLiteral: (node: ValueNode) => parse(node.kind === Kind.STRING ? node.value : undefined),
  });
}

/** PostgreSQL has no year 0, and JavaScript writes years beyond 9999 in a way that nobody else reads. */
function isYearKnown(instant: Date): boolean {
  return /^(?!0000)\d{4}-/.test(instant.toISOString());
}

/** JavaScript takes the 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const instant = new Date(text);
  return (
    !Number.isNaN(instant.getTime()) &&
    instant.toISOString().startsWith(text) &&
    isYearKnown(instant)
  );
}

export const scalars = {
  DateTime: textScalar('DateTime', {
    expected: 'an instant as in RFC 3339, for example "2026-11-22T17:30:00Z"',
    accepts: (text) =>
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) &&
      isDay(text.slice(0, 10)) &&
      !Number.isNaN(Date.parse(text)) &&
      isYearKnown(new Date(text)),
  }),
  Date: textScalar('Date', {
    expected: 'a calendar day, for example "2026-11-22"',
    accepts: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && isDay(text),
  }),
  Decimal: textScalar('Decimal', {
    expected: 'a decimal number as a string, for example "12.50"',
    accepts: (text) => /^-?\d{1,15}(\.\d{1,4})?$/.test(text),
  }),
  CurrencyCode: textScalar('CurrencyCode', {
    expected: 'an ISO 4217 code, for example "GBP"',
    accepts: isCurrency,
  }),
  CountryCode: textScalar('CountryCode', {
    expected: 'an ISO 3166-1 alpha-2 code, for example "DE"',
    accepts: (text) => /^[A-Z]{2}$/.test(text) && regions.of(text) !== undefined,
  }),
} as const;
