/**
 * What always holds of money, as queries that return the rows at fault. Numbers are those of docs/guarantees.md. What a
 * CHECK, a unique index or a trigger refuses is asked all the same: a restored or repaired database passed none of them.
 */
export type Invariant = {
  readonly number: number;
  readonly promise: string;
  readonly query: string;
};

export const paymentInvariants: readonly Invariant[] = [
  {
    number: 6,
    promise:
      'An order keeps at most one capture; captures of given-up attempts are surplus and go back',
    query: `select order_id, count(*) from payment_attempts
      where status = 'CAPTURED' and not surplus group by order_id having count(*) > 1`,
  },
  {
    number: 6,
    promise: 'An attempt is captured once: at most one booking and one charge each',
    query: `select a.id from payment_attempts a
      left join ledger_transactions t on t.reference = a.id and t.kind = 'CAPTURE'
      where (coalesce(a.captured_minor, 0) > 0) <> (t.id is not null)`,
  },
  {
    number: 7,
    promise: 'CAPTURED means exactly the price, MISMATCHED anything else',
    query: `select p.order_id, p.status from payments p
      left join payment_attempts a on a.order_id = p.order_id and a.status = 'CAPTURED' and not a.surplus
      where p.status in ('CAPTURED', 'MISMATCHED') and (
        a.id is null
        or (p.status = 'CAPTURED')
          <> (a.captured_minor = p.amount_minor and a.captured_currency = p.currency))`,
  },
  {
    number: 8,
    promise:
      'Money of an ended order, and surplus money, is on its way back from the moment it is known',
    query: `select a.id from payment_attempts a join payments p using (order_id)
      where a.captured_minor > 0 and (p.closing is not null or a.surplus)
        and not exists (select from refunds r where r.attempt_id = a.id)`,
  },
  {
    number: 8,
    promise: 'A refund reaches the customer, and a withdrawn attempt its end, within 60 seconds',
    query: `select r.id, r.created_at from refunds r
        where r.status = 'PENDING' and r.created_at < now() - interval '60 seconds'
      union all
      select a.id, p.updated_at from payment_attempts a join payments p using (order_id)
        where a.status = 'WITHDRAWING' and p.updated_at < now() - interval '60 seconds'`,
  },
  {
    number: 9,
    promise: 'Refunds, asked for or paid, never exceed the capture they take from',
    query: `select a.id from payment_attempts a
      join (
        select attempt_id, sum(amount_minor) as asked, min(currency) as currency,
          coalesce(sum(amount_minor) filter (where status = 'SUCCEEDED'), 0) as paid
        from refunds group by attempt_id
      ) r on r.attempt_id = a.id
      where r.asked > coalesce(a.captured_minor, 0) or r.currency <> a.captured_currency
        or r.paid <> a.refunded_minor`,
  },
  {
    number: 9,
    promise: 'What an attempt gave back is what its refunds say',
    query: `select a.id from payment_attempts a
      where a.refunded_minor > 0 and not exists (select from refunds r where r.attempt_id = a.id)`,
  },
  {
    number: 10,
    promise: 'Debits equal credits, per transaction and currency',
    query: `select transaction_id, currency, sum(amount_minor) from ledger_entries
      group by transaction_id, currency having sum(amount_minor) <> 0`,
  },
  {
    number: 10,
    promise: 'All accounts together sum to zero, per currency',
    query: `select currency, sum(amount_minor) from ledger_entries
      group by currency having sum(amount_minor) <> 0`,
  },
  {
    number: 10,
    promise: 'The ledger is what attempts and refunds say, entry for entry',
    query: `with expected as (
        select id as reference, 'CAPTURE' as kind, order_id, captured_minor as minor, captured_currency as currency
        from payment_attempts where captured_minor > 0
        union all
        select id, 'REFUND', order_id, amount_minor, currency from refunds where status = 'SUCCEEDED'
      ), booked as (
        select t.reference, t.kind, t.order_id,
          sum(e.amount_minor) filter (where e.amount_minor > 0) as minor, min(e.currency) as currency
        from ledger_transactions t left join ledger_entries e on e.transaction_id = t.id group by t.id
      )
      select coalesce(e.reference, b.reference) as reference, e.minor as expected_minor, b.minor as booked_minor
      from expected e full join booked b using (reference, kind, order_id, minor, currency)
      where e.reference is null or b.reference is null`,
  },
  {
    number: 10,
    promise: 'The ledger is append-only: its triggers are in place',
    query: `select wanted.name from (values ('ledger_transactions_append_only'), ('ledger_entries_append_only'),
        ('ledger_entries_balance')) as wanted (name)
      left join pg_trigger t on t.tgname = wanted.name and t.tgenabled = 'O' where t.tgname is null`,
  },
  {
    number: 13,
    promise: 'What a payment has come to was told: once each',
    query: `with wanted as (
        select order_id, 'payment.captured' as type from payments where status = 'CAPTURED'
        union all select order_id, 'payment.mismatched' from payments where status = 'MISMATCHED'
        union all select order_id, 'payment.closed' from payments where closed_at is not null
      ), told as (
        select subject as order_id, type, count(*) from outbox
        where type in ('payment.captured', 'payment.mismatched', 'payment.closed') group by subject, type
      )
      select coalesce(w.order_id, t.order_id) as order_id, coalesce(w.type, t.type) as type, t.count
      from wanted w full join told t using (order_id, type)
      where t.count is null or t.count > 1 or (w.order_id is null and t.type = 'payment.closed')`,
  },
  {
    number: 18,
    promise:
      'No open attempt or refund is left without a next look, none is overdue by more than 60 seconds',
    query: `select id, next_action_at from payment_attempts
        where settled_at is null and (next_action_at is null or next_action_at < now() - interval '60 seconds')
          and (tries > 0 or charge_before > now())
      union all
      select id, next_action_at from refunds
        where settled_at is null and (next_action_at is null or next_action_at < now() - interval '60 seconds')`,
  },
  {
    number: 18,
    promise: 'No provider event waits unprocessed for more than 60 seconds',
    query: `select channel, event_id, cause from webhook_events
      where processed_at is null and received_at < now() - interval '60 seconds'`,
  },
];
