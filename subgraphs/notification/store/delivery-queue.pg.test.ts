import { testDatabase } from '@ordergraph/tests/database.ts';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { notify } from '../commands.ts';
import type { Outcome } from '../domain/delivery.ts';
import type { Notice } from '../domain/notice.ts';
import { giveBack, leaseDue, recordOutcomes } from './delivery-queue.ts';

const database = await testDatabase(new URL('./migrations/', import.meta.url));
const { sql } = database;
afterAll(() => database.drop());
beforeEach(() => sql`truncate notifications`);

function notice(orderId: string, change: Partial<Notice> = {}): Notice {
  return {
    orderId,
    customerId: 'alice',
    orderNumber: '10001',
    contact: { name: 'Alice', email: 'alice@example.test' },
    content: { kind: 'ORDER_EXPIRED', reason: 'HOLD_EXPIRED' },
    ...change,
  };
}

const write = (...notices: Notice[]) => sql.begin((tx) => notify(tx, notices));
const lease = (limit = 100) => leaseDue(sql, { limit, leaseMs: 60_000 });
const makeDue = () => sql`update notifications set due_at = now() where status = 'PENDING'`;
const rows = () =>
  sql`select status, tries, failure, sent_at is not null as sent from notifications order by order_id`;

test('one notification per order, kind, recipient and channel, however often it is told', async () => {
  await write(notice('a'), notice('a'), notice('b'));
  await Promise.all([write(notice('b'), notice('a')), write(notice('a'), notice('b'))]);
  await write(
    notice('a', { contact: { name: 'Bob', email: 'bob@example.test' } }),
    notice('a', { content: { kind: 'ORDER_CANCELLED', reason: 'CUSTOMER_REQUEST' } }),
  );
  const written = await sql`
    select order_id, kind, recipient from notifications order by order_id, kind desc, recipient`;
  expect(written.map((row) => Object.values(row).join(' '))).toEqual([
    'a ORDER_EXPIRED alice@example.test',
    'a ORDER_EXPIRED bob@example.test',
    'a ORDER_CANCELLED alice@example.test',
    'b ORDER_EXPIRED alice@example.test',
  ]);
});

test('without an address nothing is written', async () => {
  await write(notice('a', { contact: { name: 'Alice', email: null } }));
  expect(await rows()).toEqual([]);
});

test('a malformed address is written as failed, with a cause, and is never due', async () => {
  await write(notice('a', { contact: { name: 'A\0\r\n', email: 'alice@\0\r\nBcc: x' } }));
  expect(await rows()).toMatchObject([
    { status: 'FAILED', failure: 'The e-mail address is malformed' },
  ]);
  expect(await lease()).toEqual([]);
});

test('two senders never hold the same notification', async () => {
  await write(...Array.from({ length: 50 }, (_, i) => notice(`ord_${i}`)));
  const taken = await Promise.all(Array.from({ length: 8 }, () => lease(10)));
  const ids = taken.flat().map(({ id }) => id);
  expect(ids).toHaveLength(50);
  expect(new Set(ids).size).toBe(50);
  expect(await lease()).toEqual([]);
});

test('a lease that its holder did not live to end is taken by another, and counts as a try', async () => {
  await write(notice('a'));
  expect(await lease()).toMatchObject([{ tries: 1 }]);
  expect(await lease()).toEqual([]);
  await makeDue();
  expect(await lease()).toMatchObject([{ tries: 2 }]);
});

test('a lease given back is due at once and counts no try', async () => {
  await write(notice('a'));
  await giveBack(sql, await lease());
  expect(await lease()).toMatchObject([{ tries: 1 }]);
});

test('what is told comes back from the store as it was', async () => {
  const content: Notice['content'] = {
    kind: 'ORDER_CONFIRMED',
    lines: [{ name: 'Tasse „Grün“', quantity: 2, totalMinor: 900 }],
    totalMinor: 900,
    currency: 'EUR',
  };
  await write(notice('a', { content }));
  expect(await lease()).toMatchObject([{ content, orderNumber: '10001', recipientName: 'Alice' }]);
});

const sent: Outcome = { status: 'SENT' };
const later: Outcome = { status: 'PENDING', delayMs: 60_000, failure: 'greylisted' };
const givenUp: Outcome = { status: 'FAILED', failure: 'unknown' };
/** Where a notification may be when an outcome is recorded, and how it got there. */
const states = { LEASED: undefined, TAKEN_OVER: undefined, SENT: sent, FAILED: givenUp } as const;

test.each<[keyof typeof states, Outcome, string]>([
  ['LEASED', sent, 'SENT'],
  ['LEASED', later, 'PENDING'],
  ['LEASED', givenUp, 'FAILED'],
  ['TAKEN_OVER', sent, 'SENT'],
  ['TAKEN_OVER', later, 'PENDING, untouched'],
  ['TAKEN_OVER', givenUp, 'PENDING, untouched'],
  ['SENT', sent, 'SENT, untouched'],
  ['SENT', later, 'SENT, untouched'],
  ['SENT', givenUp, 'SENT, untouched'],
  ['FAILED', sent, 'SENT'],
  ['FAILED', later, 'FAILED, untouched'],
  ['FAILED', givenUp, 'FAILED, untouched'],
])('%s, then %j: %s', async (state, outcome, expected) => {
  await write(notice('a'));
  const [{ id, tries } = { id: '', tries: 0 }] = await lease();
  if (state === 'TAKEN_OVER') {
    await makeDue();
    await lease();
  }
  const earlier = states[state];
  if (earlier) await recordOutcomes(sql, [{ id, tries, outcome: earlier }]);
  const before = await sql`select * from notifications`;
  await recordOutcomes(sql, [{ id, tries, outcome }]);
  const after = await sql`select * from notifications`;
  const [status, untouched] = expected.split(', ');
  expect(after).toMatchObject([{ status }]);
  const changed = { failure: 'failure' in outcome ? outcome.failure : null };
  expect(after).toMatchObject(untouched ? [...before] : [changed]);
});

test('a retry is due after its pause, by the clock of the database', async () => {
  await write(notice('a'));
  const leased = await lease();
  await recordOutcomes(
    sql,
    leased.map(({ id, tries }) => ({ id, tries, outcome: later })),
  );
  const [row] = await sql<{ waits: number }[]>`
    select extract(epoch from due_at - now())::float8 as waits from notifications`;
  expect(row?.waits).toBeGreaterThan(50);
  expect(row?.waits).toBeLessThanOrEqual(60);
});
