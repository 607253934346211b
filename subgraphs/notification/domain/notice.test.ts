import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { draftOf, type Notice } from './notice.ts';

const notice = (email: string | null, name = 'Alice'): Notice => ({
  orderId: 'ord_1',
  customerId: 'alice',
  orderNumber: '10001',
  contact: { name, email },
  content: { kind: 'ORDER_EXPIRED', reason: 'HOLD_EXPIRED' },
});

test.each([null, '', '  ', '\n'])('without an address (%j) there is nothing to write', (email) => {
  expect(draftOf(notice(email))).toBeUndefined();
});

test('an address is tidied, so that two spellings of one mailbox are one recipient', () => {
  const draft = draftOf(notice(' alice@Example.TEST'));
  expect(draft).toMatchObject({ recipient: 'alice@example.test', failure: null });
});

test('a malformed address fails with a cause', () => {
  expect(draftOf(notice('alice@'))).toMatchObject({
    recipient: 'alice@',
    failure: 'The e-mail address is malformed',
  });
});

test('whatever the contact holds, its draft fits the store', () => {
  const text = fc.string({ unit: 'binary', maxLength: 2_000 });
  fc.assert(
    fc.property(text, text, (email, name) => {
      const draft = draftOf(notice(email, name));
      if (!draft) return;
      expect(draft.recipient + draft.recipientName + draft.subject).not.toContain('\0');
      expect(Array.from(draft.recipient).length).toBeLessThanOrEqual(255);
    }),
  );
});
