import type { Charge, Metadata, Refund } from './domain.ts';
import { accept, refuse, type Result } from './problem.ts';
import { isToken, type Token } from './tokens.ts';

const amountMinorMax = 99_999_999_999;
const metadataKeysMax = 20;
const metadataKeyLengthMax = 40;
const metadataValueLengthMax = 500;

export type ChargeRequest = {
  readonly amount: number;
  readonly currency: string;
  readonly source: Token;
  readonly metadata: Metadata;
};

export type RefundRequest = {
  readonly charge: string;
  readonly amount: number;
  readonly metadata: Metadata;
};

type Fields = Readonly<Record<string, unknown>>;

const invalid = (code: string, message: string, param: string | null = null) =>
  refuse(400, code, message, param);

function parseFields(body: string, known: readonly string[]): Result<Fields> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return invalid('invalid_json', 'The body is not JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return invalid('invalid_json', 'The body must be a JSON object.');
  }
  const unknown = Object.keys(parsed).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    return invalid(
      'parameter_unknown',
      `There is no such parameter; known are ${known.join(', ')}.`,
      unknown.slice(0, 60),
    );
  }
  return accept(Object.fromEntries(Object.entries(parsed)));
}

const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= amountMinorMax;

const invalidAmount = () =>
  invalid(
    'invalid_amount',
    `amount must be an integer of minor units from 1 to ${amountMinorMax}.`,
    'amount',
  );

function parseMetadata(value: unknown): Result<Metadata> {
  if (value === undefined || value === null) return accept({});
  if (typeof value !== 'object' || Array.isArray(value)) {
    return invalid('invalid_metadata', 'metadata must be an object.', 'metadata');
  }
  const entries = Object.entries(value);
  if (entries.length > metadataKeysMax) {
    return invalid(
      'invalid_metadata',
      `metadata may have at most ${metadataKeysMax} keys.`,
      'metadata',
    );
  }
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, text] of entries) {
    if (
      key.length > metadataKeyLengthMax ||
      typeof text !== 'string' ||
      text.length > metadataValueLengthMax
    ) {
      const limits = `keys of at most ${metadataKeyLengthMax} and strings of at most ${metadataValueLengthMax} characters`;
      return invalid(
        'invalid_metadata',
        `metadata takes ${limits}.`,
        `metadata.${key.slice(0, metadataKeyLengthMax)}`,
      );
    }
    metadata[key] = text;
  }
  return accept(metadata);
}

/** The `Idempotency-Key` header: 1 to 255 visible ASCII characters. */
export function parseIdempotencyKey(header: string | string[] | undefined): Result<string> {
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return accept(header);
  if (header === undefined || header === '') {
    return invalid(
      'idempotency_key_required',
      'This request needs an Idempotency-Key header.',
      'Idempotency-Key',
    );
  }
  return invalid(
    'idempotency_key_invalid',
    'Idempotency-Key takes 1 to 255 visible ASCII characters.',
    'Idempotency-Key',
  );
}

export function parseChargeRequest(body: string): Result<ChargeRequest> {
  const fields = parseFields(body, ['amount', 'currency', 'source', 'metadata']);
  if (!fields.ok) return fields;
  const { amount, currency, source } = fields.value;
  if (!isAmount(amount)) return invalidAmount();
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) {
    return invalid(
      'invalid_currency',
      'currency must be three capital letters (ISO 4217).',
      'currency',
    );
  }
  if (!isToken(source)) return invalid('invalid_source', 'There is no such source.', 'source');
  const metadata = parseMetadata(fields.value['metadata']);
  if (!metadata.ok) return metadata;
  if (source === 'tok_declined_once' && metadata.value['orderId'] === undefined) {
    return invalid(
      'invalid_metadata',
      'tok_declined_once declines once per metadata.orderId.',
      'metadata.orderId',
    );
  }
  return accept({ amount, currency, source, metadata: metadata.value });
}

export function parseRefundRequest(body: string): Result<RefundRequest> {
  const fields = parseFields(body, ['charge', 'amount', 'metadata']);
  if (!fields.ok) return fields;
  const { charge, amount } = fields.value;
  if (typeof charge !== 'string')
    return invalid('invalid_charge', 'charge must be the id of a charge.', 'charge');
  if (!isAmount(amount)) return invalidAmount();
  const metadata = parseMetadata(fields.value['metadata']);
  return metadata.ok ? accept({ charge, amount, metadata: metadata.value }) : metadata;
}

function sameMetadata(one: Metadata, other: Metadata): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}

/** Whether a repeated key came with the same request; the order of members does not count. */
export const isSameCharge = (charge: Charge, request: ChargeRequest): boolean =>
  charge.amount === request.amount &&
  charge.currency === request.currency &&
  charge.source === request.source &&
  sameMetadata(charge.metadata, request.metadata);

export const isSameRefund = (refund: Refund, request: RefundRequest): boolean =>
  refund.charge === request.charge &&
  refund.amount === request.amount &&
  sameMetadata(refund.metadata, request.metadata);
