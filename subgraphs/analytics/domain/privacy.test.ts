import { orderEvents } from '@ordergraph/schema/events/order.ts';
import { expect, test } from 'vitest';
import { droppedFields, keptFields, withoutPersonalData } from './privacy.ts';

test('every field of every order event is decided: kept, or dropped', () => {
  const decided = new Set<string>([...keptFields, ...droppedFields]);
  const fields = orderEvents.flatMap((event) => Object.keys(event.data.shape));
  expect(fields.filter((field) => !decided.has(field))).toEqual([]);
});

test('a contact and a payment token are not kept, and neither is a field nobody decided on', () => {
  const data = {
    orderId: 'ord_1',
    contact: { name: 'Alice', email: 'alice@example.test' },
    paymentToken: 'tok_ok',
    nickname: 'Al',
  };
  expect(withoutPersonalData(data)).toEqual({ orderId: 'ord_1' });
});

test.each([
  ['INSUFFICIENT_STOCK', 'INSUFFICIENT_STOCK'],
  ['My neighbour Bob told me to', 'OTHER'],
  ['', 'OTHER'],
  ['alice@example.test', 'OTHER'],
])('of the reason %j is kept %j', (reason, kept) => {
  expect(withoutPersonalData({ reason })).toEqual({ reason: kept });
});
