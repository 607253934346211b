/** Each invariant, broken on purpose and caught, or refused by the database itself. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  breaches,
  cancelling,
  look,
  reserved,
  startPayment,
  type RunningPayment,
} from './testing/running-payment.ts';

let payment: RunningPayment;
beforeAll(async () => {
  payment = await startPayment();
  const captured = reserved();
  const refunded = reserved();
  const mismatched = reserved({ token: 'tok_wrong_amount' });
  await payment.hear(captured, refunded, mismatched);
  await until(captured.data.orderId, 'CAPTURED');
  await until(refunded.data.orderId, 'CAPTURED');
  await until(mismatched.data.orderId, 'MISMATCHED');
  await payment.hear(cancelling(refunded.data.orderId));
  await until(refunded.data.orderId, 'REFUNDED');
});
afterAll(async () => {
  await payment.stop();
});

async function until(orderId: string, status: string): Promise<void> {
  const isThere = async (): Promise<void> => {
    if ((await look(payment, orderId)).status !== status) throw new Error(`not yet ${status}`);
  };
  await vi.waitFor(isThere, { timeout: 10_000, interval: 20 });
}

class Undone extends Error {}

/** What the invariants say after the statements, which are then taken back. */
async function broken(...statements: string[]): Promise<string[]> {
  let promises: string[] = [];
  const undone = payment.sql.begin(async (tx) => {
    // As a restore would: without the checks and triggers.
    await tx`set local session_replication_role = replica`;
    for (const statement of statements) await tx.unsafe(statement);
    promises = (await breaches({ sql: tx })).map((breach) => breach.promise);
    throw new Undone();
  });
  await expect(undone).rejects.toThrow(Undone);
  return [...new Set(promises)];
}

test('an untouched database breaks nothing', async () => {
  expect(await breaches(payment)).toEqual([]);
});

const drop = (name: string) => `alter table payment_attempts drop constraint ${name}`;

test.each([
  [
    'a second capture of an order',
    'An order keeps at most one capture',
    [
      'drop index payment_attempts_one_capture',
      `insert into payment_attempts (id, order_id, number, channel, amount_minor, currency, status, charge_before,
        captured_minor, captured_currency, created_at, settled_at)
       select id || '2', order_id, 2, channel, amount_minor, currency, status, charge_before, captured_minor,
        captured_currency, created_at, settled_at from payment_attempts where status = 'CAPTURED' limit 1`,
    ],
  ],
  [
    'a capture that was not booked',
    'An attempt is captured once',
    [`delete from ledger_entries`, `delete from ledger_transactions where kind = 'CAPTURE'`],
  ],
  [
    'a capture of another amount taken for the price',
    'CAPTURED means exactly the price',
    [`update payments set status = 'CAPTURED' where status = 'MISMATCHED'`],
  ],
  [
    'money of an ended order that nobody sends back',
    'Money of an ended order',
    [`delete from refunds`],
  ],
  [
    'a refund that does not arrive',
    'A refund reaches the customer',
    [
      `update refunds set status = 'PENDING', settled_at = null, next_action_at = now(),
        created_at = now() - interval '2 minutes'`,
    ],
  ],
  [
    'a refund above the capture',
    'Refunds, asked for or paid, never exceed',
    [`update refunds set amount_minor = amount_minor + 1`],
  ],
  [
    'money given back without a refund',
    'What an attempt gave back is what its refunds say',
    [
      drop('payment_attempts_refunded'),
      `update payment_attempts set refunded_minor = 1 where refunded_minor = 0`,
    ],
  ],
  [
    'a booking that does not balance',
    'Debits equal credits',
    [`update ledger_entries set amount_minor = amount_minor + 1 where account = 'sales'`],
  ],
  [
    'accounts that do not sum to zero',
    'All accounts together',
    [`delete from ledger_entries where account = 'sales' and amount_minor < 0`],
  ],
  [
    'a ledger that says another amount',
    'The ledger is what attempts and refunds say',
    [`update ledger_entries set amount_minor = amount_minor * 2`],
  ],
  [
    'a ledger that could be rewritten',
    'The ledger is append-only',
    [`drop trigger ledger_entries_append_only on ledger_entries`],
  ],
  [
    'a capture that was never told',
    'What a payment has come to was told',
    [`delete from outbox where type = 'payment.captured'`],
  ],
  [
    'an end that was told twice',
    'What a payment has come to was told',
    [
      `insert into outbox (id, type, subject, envelope)
        select id || '2', type, subject, envelope from outbox where type = 'payment.closed'`,
    ],
  ],
  [
    'an attempt that nobody looks after',
    'No open attempt or refund is left',
    [
      `update payment_attempts set status = 'PENDING', token = 't', settled_at = null, captured_minor = null,
        captured_currency = null, refunded_minor = 0, tries = 1, next_action_at = now() - interval '2 minutes'`,
    ],
  ],
  [
    'an event that waits for ever',
    'No provider event waits',
    [
      `update webhook_events set processed_at = null, next_action_at = now(),
        received_at = now() - interval '2 minutes'`,
    ],
  ],
])('%s is caught', async (_title, promise, statements) => {
  expect(await broken(...statements)).toContainEqual(expect.stringContaining(promise));
});

test.each([
  ['update', `update ledger_entries set amount_minor = 1`],
  ['delete', `delete from ledger_transactions`],
  ['truncate', `truncate ledger_entries`],
])('the ledger refuses %s', async (_verb, statement) => {
  await expect(payment.sql.unsafe(statement)).rejects.toThrow('append-only');
});

test('the ledger refuses a transaction that does not sum to zero', async () => {
  const unbalanced = payment.sql`
    with t as (insert into ledger_transactions values ('ltx_1', 'CAPTURE', 'ref', 'ord', now()))
    insert into ledger_entries values ('ltx_1', 'sales', 'GBP', 5), ('ltx_1', 'provider:sandbox', 'GBP', -4)`;
  await expect(unbalanced).rejects.toThrow('sum to zero');
});
