import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  anonymous,
  signIdentity,
  statementTtlMs,
  verifyIdentity,
  type Identity,
} from './identity.ts';

const secret = 'the secret of an installation, long';
const now = 1_790_000_000_000;
const alice: Identity = { subject: 'alice', role: 'customer', scopes: ['orders:read'] };
const header = signIdentity(alice, secret, now);
const identity = fc.record({
  subject: fc.option(fc.string({ minLength: 1, unit: 'binary' })),
  role: fc.constantFrom('anonymous' as const, 'customer' as const, 'staff' as const),
  scopes: fc.array(fc.string()),
});

test('who was signed is who is read, whatever the characters', () => {
  fc.assert(
    fc.property(identity, (given) => {
      expect(verifyIdentity(signIdentity(given, secret, now), secret, now)).toEqual(given);
    }),
  );
  expect(verifyIdentity(signIdentity(anonymous, secret, now), secret, now)).toEqual(anonymous);
});

test('a statement is believed for a minute and no longer', () => {
  expect(verifyIdentity(header, secret, now + statementTtlMs)).toEqual(alice);
  expect(verifyIdentity(header, secret, now + statementTtlMs + 1)).toBeUndefined();
});

test('a statement of another secret, a forged one and a missing one are not believed', () => {
  const [payload = '', signature = ''] = header.split('.');
  const staff = Buffer.from(
    JSON.stringify({ ...alice, role: 'staff', expiresAtMs: now + 1_000 }),
  ).toString('base64url');
  for (const forged of [
    signIdentity(alice, `${secret}!`, now),
    `${staff}.${signature}`,
    payload,
    `${payload}.`,
    `.${signature}`,
    `${header}.`,
    `${header}=`,
    undefined,
    '',
  ]) {
    expect(verifyIdentity(forged, secret, now)).toBeUndefined();
  }
});

test('a statement cut short or changed anywhere is not believed', () => {
  for (let length = 0; length < header.length; length += 1) {
    expect(verifyIdentity(header.slice(0, length), secret, now)).toBeUndefined();
    const other = header[length] === 'A' ? 'B' : 'A';
    const changed = header.slice(0, length) + other + header.slice(length + 1);
    expect(verifyIdentity(changed, secret, now)).toBeUndefined();
  }
});

test('garbage is never believed and never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(verifyIdentity(`${a}.${b}`, secret, now)).toBeUndefined();
    }),
  );
});
