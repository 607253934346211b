import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeLetter } from './letter.ts';
import type { NoticeContent } from './notice.ts';

const confirmed: NoticeContent = {
  kind: 'ORDER_CONFIRMED',
  lines: [
    { name: 'White mug', quantity: 6, totalMinor: 1530 },
    { name: 'Plate', quantity: 1, totalMinor: 5 },
  ],
  totalMinor: 1535,
  currency: 'GBP',
};

test('a confirmation tells number, lines and total, in text and in HTML', () => {
  const { text, html } = writeLetter({
    recipientName: 'Alice',
    orderNumber: '10001',
    content: confirmed,
  });
  expect(text).toContain('Hello Alice,');
  for (const body of [text, html]) {
    expect(body).toContain('10001');
    expect(body).toContain('6 × White mug');
    expect(body).toContain('15.30 GBP');
    expect(body).toContain('0.05 GBP');
    expect(body).toContain('15.35 GBP');
  }
});

test('amounts have the decimals of their currency', () => {
  const content = { ...confirmed, currency: 'JPY' };
  const { text } = writeLetter({ recipientName: '', orderNumber: '1', content });
  expect(text).toContain('Total: 1535 JPY');
  expect(text).toContain('Hello,');
});

test.each([
  ['ORDER_REJECTED', 'INSUFFICIENT_STOCK', 'not enough stock'],
  ['ORDER_EXPIRED', 'HOLD_EXPIRED', 'payment did not reach us'],
  ['ORDER_CANCELLED', 'CUSTOMER_REQUEST', 'at your request'],
] as const)('%s for %s says so', (kind, reason, words) => {
  const letter = writeLetter({
    recipientName: 'Alice',
    orderNumber: '1',
    content: { kind, reason },
  });
  expect(letter.text).toContain(words);
  expect(letter.html).toContain(words);
});

test('a reason in free words is not repeated', () => {
  const content = { kind: 'ORDER_CANCELLED', reason: 'Call 0800 <b>now</b>' } as const;
  const { text, html } = writeLetter({ recipientName: 'Alice', orderNumber: '1', content });
  expect(text + html).not.toContain('0800');
});

const tagsOf = (html: string) => html.match(/<[^>]*>?/g);

test('no name makes markup', () => {
  const markup = fc.oneof(
    fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'a', '\n') }),
    fc.constant('<script>alert(1)</script>'),
  );
  const plain = writeLetter({ recipientName: 'x', orderNumber: 'x', content: confirmed });
  fc.assert(
    fc.property(markup, markup, markup, (recipientName, orderNumber, name) => {
      const lines = confirmed.lines.map((line) => ({ ...line, name }));
      const { html } = writeLetter({
        recipientName,
        orderNumber,
        content: { ...confirmed, lines },
      });
      expect(tagsOf(html)).toEqual(tagsOf(plain.html));
    }),
  );
});
