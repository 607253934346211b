import * as fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { composeMail, type MailContent } from './mail.ts';

const content: MailContent = {
  id: 'ntf_01',
  from: { name: 'Shop', mailbox: 'orders@shop.example' },
  to: { name: 'Alice', mailbox: 'alice@example.test' },
  subject: 'Your order 10001 is confirmed',
  date: new Date('2026-01-05T10:00:00Z'),
  letter: { text: 'Hello\n', html: '<p>Hello</p>\n' },
};

test('a mail reads as it was written', async () => {
  const mail = composeMail(content);
  const read = await simpleParser(mail.raw);
  expect(read).toMatchObject({
    subject: content.subject,
    messageId: '<ntf_01@shop.example>',
    date: content.date,
    text: 'Hello\n',
    html: '<p>Hello</p>\n',
    from: { value: [{ name: 'Shop', address: 'orders@shop.example' }] },
    to: { value: [{ name: 'Alice', address: 'alice@example.test' }] },
  });
  expect(mail).toMatchObject({ from: 'orders@shop.example', to: 'alice@example.test' });
});

test('every try of a mail has the same bytes', () => {
  expect(composeMail(content)).toEqual(composeMail({ ...content }));
});

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.constantFrom(
    'Eve\r\nBcc: all@example.test',
    '=?UTF-8?B?RXZl?=',
    '" <eve@example.test>, "',
    'x\r\n\r\n<b>body</b>',
    '\\',
    'Zoë 👩‍👩‍👧 O’Hara',
  ),
);

test('no name or subject adds a header, a recipient or a body', async () => {
  await fc.assert(
    fc.asyncProperty(nasty, nasty, async (name, subject) => {
      const { raw } = composeMail({ ...content, to: { ...content.to, name }, subject });
      expect(raw).toMatch(/^[\x20-\x7e\r\n]*$/);
      expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      const lines = raw.split('\r\n');
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(998);
      const headers = lines
        .slice(0, lines.indexOf(''))
        .filter((line) => !line.startsWith(' '))
        .map((line) => line.slice(0, line.indexOf(':')));
      expect(headers).toEqual([
        'From',
        'To',
        'Subject',
        'Message-ID',
        'Date',
        'Auto-Submitted',
        'MIME-Version',
        'Content-Type',
      ]);
      const read = await simpleParser(raw);
      expect(read.text).toBe('Hello\n');
      expect(read.to).toMatchObject({ value: [{ address: 'alice@example.test' }] });
      expect(read.to).toHaveProperty('value.length', 1);
    }),
    { numRuns: 200 },
  );
});

test('text of any script comes out as it went in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), async (text) => {
      const plain = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
      const { raw } = composeMail({
        ...content,
        subject: plain,
        letter: { text: plain, html: plain },
      });
      const read = await simpleParser(raw);
      expect(read.subject ?? '').toBe(plain);
    }),
    { numRuns: 200 },
  );
});
