import { expect, test } from 'vitest';
import {
  decodeQuotedPrintable,
  decodeWords,
  firstHeader,
  parseHeaders,
  parseParameterised,
} from './mail-headers.ts';

test('folded lines are one value, and repeated fields keep their order', () => {
  const headers = parseHeaders(
    'Subject: one\r\n two\r\nReceived: a\r\nreceived: b\r\nno header here',
  );
  expect(headers).toMatchObject({ subject: ['one two'], received: ['a', 'b'] });
  expect(firstHeader(headers, 'absent')).toBe('');
});

test('header names that every object has are just names', () => {
  expect(firstHeader(parseHeaders('constructor: x\r\n__proto__: y'), '__proto__')).toBe('y');
  expect(firstHeader(parseHeaders('Subject: x'), 'constructor')).toBe('');
});

test.each([
  ['=?UTF-8?Q?Bestellung_best=C3=A4tigt?=', 'Bestellung bestätigt'],
  ['=?utf-8?B?4pyTIE9yZGVy?= 42', '✓ Order 42'],
  ['=?utf-8?B?4py=?= =?utf-8?B?kyBPcmRlcg==?=', '✓ Order'],
  ['=?iso-8859-1?Q?caf=E9?=', 'café'],
  ['=?utf-8*en?Q?hi?=', 'hi'],
  ['a =?utf-8?Q?b?= c', 'a b c'],
  ['=?utf-8?X?b?=', '=?utf-8?X?b?='],
  ['=?no-such-charset?Q?=E9?=', 'é'],
])('the encoded words %s read %s', (encoded, decoded) => {
  expect(decodeWords(encoded)).toBe(decoded);
});

test('raw UTF-8 in a header is read as UTF-8', () => {
  expect(
    firstHeader(parseHeaders(Buffer.from('Subject: Grüße').toString('latin1')), 'subject'),
  ).toBe('Grüße');
});

test('quoted-printable joins soft breaks and drops spaces before line ends', () => {
  expect(decodeQuotedPrintable('caf=C3=A9 =\r\nau lait  \r\nend').toString()).toBe(
    'café au lait\r\nend',
  );
});

test('a parameter is found quoted or bare, and absent is empty', () => {
  expect(parseParameterised('Multipart/Mixed; x=y; Boundary="a b;c"', 'boundary')).toEqual({
    value: 'multipart/mixed',
    parameter: 'a b;c',
  });
  expect(parseParameterised('text/plain; charset=utf-8', 'charset').parameter).toBe('utf-8');
  expect(parseParameterised('text/plain', 'charset').parameter).toBe('');
});
