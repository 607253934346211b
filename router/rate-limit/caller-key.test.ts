import { anonymous } from '@ordergraph/platform/identity.ts';
import { expect, test } from 'vitest';
import type { Caller } from '../request.ts';
import { callerKey } from './caller-key.ts';
import { createClientAddress, isAddressOrNetwork } from './client-address.ts';
import { planOf, plansFor } from './plans.ts';

const secret = 'a secret of the tests, thirty-two and more';
const nobody: Caller = { identity: anonymous, expiresAtMs: null };
const customer = (subject: string): Caller => ({
  identity: { subject, role: 'customer', scopes: [] },
  expiresAtMs: 1,
});
const partner = (id: string, plan = 'partner', caller = nobody): Caller => ({
  ...caller,
  partner: { id, name: id, plan, scopes: [], activeVersion: null, keyPrefix: 'k' },
});
const keyOf = (caller: Caller, address = '10.0.0.1') => callerKey(caller, address, secret);

test('a bucket belongs to a partner, else to a customer, else to an address', () => {
  const callers = [
    keyOf(nobody, '10.0.0.1'),
    keyOf(nobody, '10.0.0.2'),
    keyOf(customer('alice')),
    keyOf(customer('bob')),
    keyOf(customer('10.0.0.1')),
    keyOf(partner('alice')),
    keyOf(partner('acme')),
  ];
  expect(new Set(callers).size).toBe(callers.length);
  expect(keyOf(customer('alice'), '1.1.1.1')).toBe(keyOf(customer('alice'), '2.2.2.2'));
  expect(keyOf(partner('acme', 'gold', customer('alice')))).toBe(keyOf(partner('acme')));
});

test('the addresses of one IPv6 network are one caller, and an IPv4 address is the same in both forms', () => {
  expect(keyOf(nobody, '2001:db8:1:2::1')).toBe(keyOf(nobody, '2001:0DB8:1:2:ffff::9'));
  expect(keyOf(nobody, '2001:db8:1:2::1')).not.toBe(keyOf(nobody, '2001:db8:1:3::1'));
  expect(keyOf(nobody, '::ffff:10.0.0.1')).toBe(keyOf(nobody, '10.0.0.1'));
  expect(keyOf(nobody, '::1')).not.toBe(keyOf(nobody, '1::'));
});

test('a key tells nothing of its caller, and cannot be made without the secret', () => {
  const key = keyOf(customer('alice@example.com'), '203.0.113.9');
  expect(key).toMatch(/^ordergraph:rate:[\w-]{27}$/);
  expect(key).not.toBe(callerKey(customer('alice@example.com'), '203.0.113.9', `${secret}.`));
});

test('a partner has the plan of its name, or that of all partners', () => {
  const gold = { capacity: 7, refillPerSecond: 1 };
  const plans = plansFor(true, { gold, customer: { capacity: 5, refillPerSecond: 1 } });
  expect(planOf(partner('acme', 'gold'), plans)).toBe(gold);
  expect(planOf(partner('acme', 'constructor'), plans)).toBe(plans.partner);
  expect(planOf(customer('alice'), plans)).toEqual({ capacity: 5, refillPerSecond: 1 });
  expect(planOf(nobody, plans)).toBe(plans.anonymous);
});

test('without trusted proxies nobody is believed about where they come from', () => {
  const address = createClientAddress([]);
  expect(address('203.0.113.9', '1.2.3.4')).toBe('203.0.113.9');
  expect(address('::ffff:203.0.113.9', '1.2.3.4')).toBe('203.0.113.9');
  expect(address(undefined, '1.2.3.4')).toBe('');
});

test.each([
  ['the client behind one proxy', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['the client behind two', '10.0.0.1', '203.0.113.9, 192.168.1.1', '203.0.113.9'],
  ['not what the client wrote itself', '10.0.0.1', '1.2.3.4, 203.0.113.9', '203.0.113.9'],
  ['somebody who is no proxy', '203.0.113.7', '1.2.3.4', '203.0.113.7'],
  ['a proxy without a header', '10.0.0.1', undefined, '10.0.0.1'],
  ['not beyond what is no address', '10.0.0.1', '1.2.3.4, rubbish, 192.168.1.1', '192.168.1.1'],
  ['with a port', '::ffff:10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
  ['of IPv6 with a port', '10.0.0.1', '[2001:db8::5]:4711', '2001:db8::5'],
  ['from several headers', '10.0.0.1', ['1.2.3.4', '203.0.113.9, 10.9.9.9'], '203.0.113.9'],
])('behind trusted proxies it is %s', (_, remote, forwarded, expected) => {
  const address = createClientAddress(['10.0.0.0/8', '192.168.1.1', 'fd00::/8']);
  expect(address(remote, forwarded)).toBe(expected);
});

test('a trusted proxy is named by its address or network', () => {
  expect(['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'].every(isAddressOrNetwork)).toBe(true);
  const wrong = ['', 'proxy', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'fd00::/129', '10.0.0'];
  expect(wrong.some(isAddressOrNetwork)).toBe(false);
});
