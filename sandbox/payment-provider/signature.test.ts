import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { signWebhook, verifyWebhook } from './signature.ts';

const toleranceSeconds = 300;
const seconds = fc.integer({ min: 0, max: 4_000_000_000 });

test('what was signed verifies, with the same secret and body only', () => {
  fc.assert(
    fc.property(
      seconds,
      fc.string(),
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1 }),
      (t, body, secret, other) => {
        const header = signWebhook(t, body, secret);
        const check = { header, body, secret, nowSeconds: t, toleranceSeconds };
        expect(verifyWebhook(check)).toBe(true);
        expect(verifyWebhook({ ...check, body: `${body} ` })).toBe(false);
        expect(verifyWebhook({ ...check, secret: other })).toBe(other === secret);
      },
    ),
  );
});

test('a moved time stamp breaks the signature', () => {
  const header = signWebhook(1000, '{}', 's').replace('t=1000', 't=1001');
  expect(
    verifyWebhook({ header, body: '{}', secret: 's', nowSeconds: 1001, toleranceSeconds }),
  ).toBe(false);
});

test.each([-301, 301])('a signature %i seconds away from now is refused', (offset) => {
  const header = signWebhook(10_000, '{}', 's');
  expect(
    verifyWebhook({
      header,
      body: '{}',
      secret: 's',
      nowSeconds: 10_000 + offset,
      toleranceSeconds,
    }),
  ).toBe(false);
});

test('rubbish in the header is refused without an error', () => {
  fc.assert(
    fc.property(fc.option(fc.string(), { nil: undefined }), (header) => {
      expect(
        verifyWebhook({ header, body: '{}', secret: 's', nowSeconds: 0, toleranceSeconds }),
      ).toBe(false);
    }),
  );
});

test('the form is the one receivers are told about', () => {
  // printf '1000.{}' | openssl dgst -sha256 -hmac s
  expect(signWebhook(1000, '{}', 's')).toBe(
    't=1000,v1=1266ced5789d16ad976ad7b98cd2aa00ac3ba17106a40ee2a50f1df5cf9b85fc',
  );
});
