import { testDatabase } from '@ordergraph/tests/database.ts';
import { afterAll, expect, test } from 'vitest';

const database = await testDatabase(new URL('./migrations/', import.meta.url));
const { sql } = database;
afterAll(() => database.drop());

const sound = {
  order_id: 'ord_1',
  customer_id: 'alice',
  order_number: '10001',
  kind: 'ORDER_EXPIRED',
  channel: 'EMAIL',
  recipient: 'alice@example.test',
  recipient_name: 'Alice',
  subject: 'Your order has expired',
  content: sql.json({ kind: 'ORDER_EXPIRED', reason: 'HOLD_EXPIRED' }),
  status: 'PENDING',
  due_at: new Date(),
};

let written = 0;
const insert = (change: object) =>
  sql`insert into notifications ${sql({ id: `ntf_${(written += 1)}`, ...sound, ...change })}`;

test.each([
  [
    'an unknown kind',
    { kind: 'ORDER_LOST', content: sql.json({ kind: 'ORDER_LOST' }) },
    'notifications_kind',
  ],
  ['another kind than its content', { kind: 'ORDER_CANCELLED' }, 'notifications_content'],
  ['an unknown channel', { channel: 'PIGEON' }, 'notifications_channel'],
  ['an unknown status', { status: 'LOST', due_at: null }, 'notifications_status'],
  ['pending and never due', { due_at: null }, 'notifications_due'],
  ['sent at no time', { status: 'SENT', due_at: null }, 'notifications_sent'],
  ['sent and still due', { status: 'SENT', sent_at: new Date() }, 'notifications_due'],
  ['failed without a cause', { status: 'FAILED', due_at: null }, 'notifications_failed'],
])('the store refuses a notification that is %s', async (_title, change, constraint) => {
  await expect(insert(change)).rejects.toMatchObject({ constraint_name: constraint });
});

test('the store refuses a second notification of one order, kind, recipient and channel', async () => {
  await insert({});
  await expect(insert({})).rejects.toMatchObject({ constraint_name: 'notifications_once' });
});
