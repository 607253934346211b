import * as fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { expect, test } from 'vitest';
import { createStoredMail, type StoredMail } from './stored-mail.ts';

const envelope = {
  id: '1',
  receivedAt: '2026-01-31T12:00:00.000Z',
  from: 'a@example.com',
  to: ['b@example.com'],
};
const stored = (raw: string | Buffer): StoredMail => createStoredMail(envelope, Buffer.from(raw));

async function compose(mail: SendMailOptions): Promise<Buffer> {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const { message } = await transport.sendMail({
    from: 'a@example.com',
    to: 'b@example.com',
    ...mail,
  });
  if (!Buffer.isBuffer(message)) throw new Error('the mailer gave no buffer');
  return message;
}

const trimmed = (text: string | false | undefined): string =>
  (text || '').replaceAll('\r\n', '\n').trimEnd();

test.each<[string, SendMailOptions]>([
  ['a plain text', { subject: 'Plain', text: 'Hello\nworld' }],
  ['HTML only', { subject: 'Html', html: '<p>Hello</p>' }],
  ['both forms', { subject: 'Both', text: 'Hello', html: '<p>Hello</p>' }],
  [
    'an attachment',
    {
      subject: 'File',
      text: 'See file',
      attachments: [{ filename: 'a.txt', content: 'not the body' }],
    },
  ],
  [
    'an inline picture',
    {
      html: '<img src="cid:x">',
      attachments: [{ cid: 'x', filename: 'x.png', content: Buffer.alloc(2000, 7) }],
    },
  ],
  [
    'everything at once',
    {
      text: 'T',
      html: '<p>H</p>',
      attachments: [{ filename: 'a.html', content: '<p>not the body</p>' }],
    },
  ],
  [
    'many languages',
    { subject: '订单 № 42 — подтверждён ✓', text: 'Ünïcödé 订单 ✓', html: '<p>подтверждён 𝄞</p>' },
  ],
  ['long lines', { text: `${'word '.repeat(400)}end`, html: `<p>${'x'.repeat(3000)}</p>` }],
  ['lines that look like boundaries', { text: '--\n--not-a-boundary\n.\n..', html: '<p>--</p>' }],
])('a mail with %s reads as mailparser reads it', async (_name, mail) => {
  const raw = await compose(mail);
  const expected = await simpleParser(raw, {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipImageLinks: true,
  });
  const found = stored(raw);
  expect(found.subject).toBe(expected.subject ?? '');
  expect(found.messageId).toBe(expected.messageId ?? '');
  expect(trimmed(found.text)).toBe(trimmed(expected.text));
  expect(trimmed(found.html)).toBe(trimmed(expected.html));
});

test('any text that a mailer writes comes back', async () => {
  const unit = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('\n', '=', ' ', '--', 'ä', '=?utf-8?Q?x?='),
  );
  const text = fc
    .array(unit, { minLength: 1 })
    .map((units) => units.join('').replaceAll('\r', '').replaceAll('\u0000', ''));
  await fc.assert(
    fc.asyncProperty(text, async (body) => {
      const raw = await compose({ text: body, html: `<p>${body}</p>` });
      const expected = await simpleParser(raw, { skipHtmlToText: true, skipTextToHtml: true });
      const found = stored(raw);
      expect(trimmed(found.html)).toBe(trimmed(expected.html));
      expect(trimmed(found.text)).toBe(trimmed(expected.text));
    }),
    { numRuns: 100 },
  );
});

test('a part without headers is plain text', () => {
  const mail = stored(
    'Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\r\nbody: text\r\n\r\nmore\r\n--b--\r\nepilogue',
  );
  expect(mail.text).toBe('body: text\r\n\r\nmore');
});

test('a mail without headers, without a body or without sense is read without an error', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.constantFrom('', '\r\n', 'Content-Type: multipart/mixed\r\n\r\n--\r\n--'),
      ),
      (raw) => {
        const mail = stored(raw);
        expect([typeof mail.subject, typeof mail.text, typeof mail.html]).toEqual([
          'string',
          'string',
          'string',
        ]);
      },
    ),
  );
});

const nested = (levels: number): string =>
  Array.from(
    { length: levels },
    (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`,
  ).join('');

test('parts in parts are read, but nested without end they are not followed without end', () => {
  expect(stored(`${nested(5)}\r\ninnermost`).text).toBe('innermost');
  expect(stored(`${nested(5000)}\r\ninnermost`).text).toBe('');
});
