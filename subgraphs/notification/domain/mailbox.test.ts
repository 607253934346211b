import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMailbox, parseNamedMailbox, printable } from './mailbox.ts';

test.each([
  ['alice@example.test', 'alice@example.test'],
  ['  Alice.O+shop@Example.TEST ', 'Alice.O+shop@example.test'],
  ["o'brien@a-b.example", "o'brien@a-b.example"],
  ['a@bücher.example', 'a@xn--bcher-kva.example'],
])('%j is read as %j', (text, mailbox) => {
  expect(parseMailbox(text)).toBe(mailbox);
});

test.each([
  '',
  'alice',
  '@example.test',
  'alice@',
  'alice@localhost',
  'alice@127.0.0.1',
  'alice@[127.0.0.1]',
  'alice@@example.test',
  'a lice@example.test',
  '.alice@example.test',
  'alice.@example.test',
  'al..ice@example.test',
  'alice@-example.test',
  'alice@example..test',
  'alice@example%2etest',
  'alice@example.test\r\nBcc: eve@example.test',
  'alice@example.test,eve@example.test',
  'alice@example.test eve@example.test',
  '<alice@example.test>',
  'älice@example.test',
  `${'a'.repeat(65)}@example.test`,
  `a@${'a'.repeat(64)}.test`,
  `a@${'a.'.repeat(130)}test`,
  'alice\0@example.test',
])('%j is malformed', (text) => {
  expect(parseMailbox(text)).toBeUndefined();
});

test('whatever is read as a mailbox is one word of ASCII with one @ that reads as itself', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('a', 'B', '1', '.', '-', 'ü', '\r', '\n', ' ', '<', ',') }),
  );
  fc.assert(
    fc.property(part, part, (local, domain) => {
      const mailbox = parseMailbox(`${local}@${domain}`);
      if (mailbox === undefined) return;
      expect(mailbox).toMatch(/^[!-?A-~]+@[a-z0-9.-]+$/);
      expect(parseMailbox(mailbox)).toBe(mailbox);
    }),
  );
});

test('printable text is one line without control characters, of at most the length asked for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0, max: 20 }), (text, max) => {
      const line = printable(text, max);
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(line.isWellFormed()).toBe(true);
      expect(Array.from(line).length).toBeLessThanOrEqual(max);
    }),
  );
  expect(printable('Eve\r\nBcc: all@example.test', 100)).toBe('Eve Bcc: all@example.test');
});

test('a sender is an address, with or without a name', () => {
  expect(parseNamedMailbox('a@b.example')).toEqual({ name: '', mailbox: 'a@b.example' });
  expect(parseNamedMailbox('"The Shop" <a@b.example>')).toEqual({
    name: 'The Shop',
    mailbox: 'a@b.example',
  });
  expect(parseNamedMailbox('Shop <a@b.example> x')).toBeUndefined();
});
