import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChargeRequest, parseIdempotencyKey, parseRefundRequest } from './requests.ts';

const good = {
  amount: 1000,
  currency: 'GBP',
  source: 'tok_ok',
  metadata: { orderId: 'ord_1', attemptId: '1' },
};
const without = (name: keyof typeof good): object =>
  Object.fromEntries(Object.entries(good).filter(([each]) => each !== name));

test('a good charge request comes through as it is', () => {
  expect(parseChargeRequest(JSON.stringify(good))).toEqual({ ok: true, value: good });
});

test('metadata may be left out', () => {
  expect(parseChargeRequest(JSON.stringify(without('metadata')))).toMatchObject({
    ok: true,
    value: { metadata: {} },
  });
});

test.each([
  ['no JSON', 'amount=1', 'invalid_json', null],
  ['an array', '[]', 'invalid_json', null],
  ['null', 'null', 'invalid_json', null],
  ['an unknown member', { ...good, amuont: 1 }, 'parameter_unknown', 'amuont'],
  ['no amount', without('amount'), 'invalid_amount', 'amount'],
  ['amount 0', { ...good, amount: 0 }, 'invalid_amount', 'amount'],
  ['a negative amount', { ...good, amount: -1 }, 'invalid_amount', 'amount'],
  ['a fraction', { ...good, amount: 10.5 }, 'invalid_amount', 'amount'],
  ['an amount in a string', { ...good, amount: '1000' }, 'invalid_amount', 'amount'],
  ['an amount over the limit', { ...good, amount: 100_000_000_000 }, 'invalid_amount', 'amount'],
  ['no currency', without('currency'), 'invalid_currency', 'currency'],
  ['a lower-case currency', { ...good, currency: 'gbp' }, 'invalid_currency', 'currency'],
  ['an unknown token', { ...good, source: 'tok_unheard_of' }, 'invalid_source', 'source'],
  ['a token that every object has', { ...good, source: 'toString' }, 'invalid_source', 'source'],
  ['metadata that is no object', { ...good, metadata: [] }, 'invalid_metadata', 'metadata'],
  [
    'metadata with a number',
    { ...good, metadata: { orderId: 1 } },
    'invalid_metadata',
    'metadata.orderId',
  ],
  [
    'a long metadata value',
    { ...good, metadata: { a: 'x'.repeat(501) } },
    'invalid_metadata',
    'metadata.a',
  ],
  [
    '21 metadata keys',
    {
      ...good,
      metadata: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`k${index}`, 'v'])),
    },
    'invalid_metadata',
    'metadata',
  ],
  [
    'tok_declined_once without an order',
    { ...good, source: 'tok_declined_once', metadata: {} },
    'invalid_metadata',
    'metadata.orderId',
  ],
])(
  'a charge request with %s is refused with a code and the parameter',
  (_name, body, code, param) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(parseChargeRequest(text)).toMatchObject({
      ok: false,
      problem: { status: 400, code, param },
    });
  },
);

test.each([
  ['no charge', { amount: 1 }, 'invalid_charge'],
  ['no amount', { charge: 'ch_1' }, 'invalid_amount'],
  ['an unknown member', { charge: 'ch_1', amount: 1, reason: 'x' }, 'parameter_unknown'],
])('a refund request with %s is refused', (_name, body, code) => {
  expect(parseRefundRequest(JSON.stringify(body))).toMatchObject({
    ok: false,
    problem: { status: 400, code },
  });
});

test('an idempotency key is 1 to 255 visible characters', () => {
  expect(parseIdempotencyKey('a'.repeat(255)).ok).toBe(true);
  expect(parseIdempotencyKey(undefined)).toMatchObject({
    problem: { code: 'idempotency_key_required' },
  });
  for (const bad of ['a'.repeat(256), 'a b', 'ä', '\u0000']) {
    expect(parseIdempotencyKey(bad)).toMatchObject({
      problem: { code: 'idempotency_key_invalid' },
    });
  }
});

test('no JSON at all makes the parser throw', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(typeof parseChargeRequest(text).ok).toBe('boolean');
      expect(typeof parseRefundRequest(text).ok).toBe('boolean');
    }),
  );
});
