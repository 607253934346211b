import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMailbox } from './mailbox.ts';
import { createStoredMail } from './stored-mail.ts';

const aMail = (id: string, to: readonly string[] = ['b@example.com'], bytes = 10) =>
  createStoredMail(
    { id, receivedAt: '2026-01-31T12:00:00.000Z', from: 'a@example.com', to },
    Buffer.alloc(bytes),
  );

const limits = { mailsMax: 3, bytesMax: 1000 };

test('the oldest mails make room for new ones, by count and by bytes', () => {
  const mailbox = createMailbox(limits);
  for (const id of ['1', '2', '3']) expect(mailbox.add(aMail(id))).toEqual([]);
  expect(mailbox.add(aMail('4')).map(({ id }) => id)).toEqual(['1']);
  expect(mailbox.add(aMail('5', [], 985)).map(({ id }) => id)).toEqual(['2', '3']);
  expect(mailbox.all().map(({ id }) => id)).toEqual(['4', '5']);
  expect(mailbox.received()).toBe(5);
});

test('a mail alone may be larger than the limit', () => {
  const mailbox = createMailbox(limits);
  mailbox.add(aMail('1', [], 5000));
  expect(mailbox.all()).toHaveLength(1);
});

test('a whole address finds itself only, a part finds all that contain it, and capitals do not count', () => {
  const mailbox = createMailbox(limits);
  mailbox.add(aMail('1', ['anna@example.com']));
  mailbox.add(aMail('2', ['Joanna@example.com', 'bob@example.org']));
  const found = (to: string) => mailbox.page({ to, limit: 10 }).mails.map(({ id }) => id);
  expect(found('ANNA@example.com')).toEqual(['1']);
  expect(found('anna')).toEqual(['2', '1']);
  expect(found('@example.org')).toEqual(['2']);
  expect(found('')).toEqual(['2', '1']);
  expect(mailbox.count('nobody')).toBe(0);
});

test('pages show every mail once, newest first', () => {
  fc.assert(
    fc.property(fc.nat(30), fc.integer({ min: 1, max: 7 }), (count, limit) => {
      const mailbox = createMailbox({ mailsMax: 100, bytesMax: 10_000 });
      const ids = Array.from({ length: count }, (_, index) => String(index).padStart(3, '0'));
      for (const id of ids) mailbox.add(aMail(id));
      const seen: string[] = [];
      let before: string | undefined;
      do {
        const page = mailbox.page({ to: '', limit, before });
        seen.push(...page.mails.map(({ id }) => id));
        before = page.nextBefore ?? undefined;
      } while (before !== undefined);
      expect(seen).toEqual(ids.toReversed());
    }),
  );
});

test('a mail that took longer to keep still stands where it came', () => {
  const mailbox = createMailbox(limits);
  for (const id of ['1', '3', '2']) mailbox.add(aMail(id));
  expect(mailbox.all().map(({ id }) => id)).toEqual(['1', '2', '3']);
});
