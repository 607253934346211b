/** For the test: how each invariant is broken on purpose. Triggers and constraints are out of the way then. */
import type { SubgraphName } from '@ordergraph/schema/subgraphs.ts';

export type Breach =
  | { readonly database: SubgraphName; readonly sql: string }
  /** The provider's journal tells every charge twice. */
  | { readonly journal: 'twice' }
  /** Somebody publishes this. */
  | { readonly message: string };

const card = '4111 1111 1111 1111';

/** A row like another one, but for some columns. */
function copy(table: string, changes: object, where = 'true'): string {
  return `insert into ${table}
    select (jsonb_populate_record(original, '${JSON.stringify(changes)}')).*
    from ${table} as original where ${where} limit 1`;
}

function missedBy(consumer: SubgraphName): Breach {
  const sql = 'delete from inbox where event_id = (select min(event_id) from inbox)';
  return { database: consumer, sql };
}

function unpublished(database: SubgraphName): Breach {
  return { database, sql: 'update outbox set published_at = null' };
}

function key(database: SubgraphName, ...hashes: string[]): Breach {
  const rows = hashes.map((hash) => `('x', 'x', '${hash}', 'nowhere')`).join(', ');
  const sql = `insert into idempotency_keys (caller, key, request_hash, result) values ${rows}`;
  return { database, sql };
}

/** By number and promise. */
export const breaches: Readonly<Record<string, Breach>> = {
  '1 nothing is negative, and no more is held and allocated than is on hand': {
    database: 'inventory',
    sql: 'update stock set held = on_hand + 1',
  },
  '2 held and allocated equal the sums of the live reservations': {
    database: 'inventory',
    sql: "update stock set allocated = allocated + 1 where sku = 'LAMP'",
  },
  '3 what is on hand equals the sum of the ledger': {
    database: 'inventory',
    sql: copy('stock_ledger', { id: 'mov_second' }),
  },
  '4 no hold lives on past its expiry by more than 60 s': {
    database: 'inventory',
    sql: "update order_stock set state = 'HELD', expires_at = now() - interval '61 s' where state = 'ALLOCATED'",
  },
  "4 every reservation stands as its order's stock does": {
    database: 'inventory',
    sql: "update reservations set status = 'HELD' where status = 'ALLOCATED'",
  },
  '4 no order that is over, or does not exist, has stock': {
    database: 'inventory',
    sql: "update order_stock set state = 'PINNED' where state = 'REFUSED'",
  },
  '5 stock that is said to be set aside for an order has reservations': {
    database: 'inventory',
    sql: 'delete from reservations',
  },
  '5 each line of a confirmed order has exactly its quantity allocated': {
    database: 'inventory',
    sql: "update reservations set quantity = quantity + 1 where status = 'ALLOCATED'",
  },
  '5 only confirmed orders have stock allocated': {
    database: 'inventory',
    sql: "update reservations set status = 'ALLOCATED' where status = 'RELEASED'",
  },
  '6 An order keeps at most one capture; captures of given-up attempts are surplus and go back': {
    database: 'payment',
    sql: copy(
      'payment_attempts',
      { id: 'att_second', number: 2, provider_charge_id: null },
      "status = 'CAPTURED'",
    ),
  },
  '6 An attempt is captured once: at most one booking and one charge each': {
    database: 'payment',
    sql: "delete from ledger_transactions where kind = 'CAPTURE'",
  },
  "6 the provider's journal has at most one charge per idempotency key": { journal: 'twice' },
  '7 CAPTURED means exactly the price, MISMATCHED anything else': {
    database: 'payment',
    sql: 'update payment_attempts set captured_minor = captured_minor + 1',
  },
  '7 what is asked for is the order’s total; an order paid otherwise is ON_HOLD': {
    database: 'payment',
    sql: 'update payments set amount_minor = amount_minor + 1',
  },
  '8 Money of an ended order, and surplus money, is on its way back from the moment it is known': {
    database: 'payment',
    sql: 'delete from refunds',
  },
  '8 A refund reaches the customer, and a withdrawn attempt its end, within 60 seconds': {
    database: 'payment',
    sql: "update refunds set status = 'PENDING', created_at = now() - interval '61 s'",
  },
  '8 confirmed means captured; captured means confirmed, on its way back, or on hold': {
    database: 'payment',
    sql: "update payments set status = 'DECLINED' where status = 'CAPTURED'",
  },
  '9 Refunds, asked for or paid, never exceed the capture they take from': {
    database: 'payment',
    sql: 'update refunds set amount_minor = amount_minor + 1',
  },
  '9 What an attempt gave back is what its refunds say': {
    database: 'payment',
    sql: 'delete from refunds',
  },
  '10 Debits equal credits, per transaction and currency': {
    database: 'payment',
    sql: 'update ledger_entries set amount_minor = amount_minor + 1 where amount_minor > 0',
  },
  '10 All accounts together sum to zero, per currency': {
    database: 'payment',
    sql: 'update ledger_entries set amount_minor = amount_minor + 1 where amount_minor > 0',
  },
  '10 The ledger is what attempts and refunds say, entry for entry': {
    database: 'payment',
    sql: 'update ledger_entries set amount_minor = 2 * amount_minor',
  },
  '10 The ledger is append-only: its triggers are in place': {
    database: 'payment',
    sql: 'alter table ledger_entries disable trigger user',
  },
  "11 attempts and the provider's journal match, one for one, in state and amount": {
    database: 'payment',
    sql: 'update payment_attempts set captured_minor = captured_minor - 1',
  },
  '12 every transition is in the table; every order begins as PLACED': {
    database: 'order',
    sql: "update order_history set previous_status = 'REJECTED' where status = 'CONFIRMED'",
  },
  '12 versions are dense, and each change begins where the one before it ended': {
    database: 'order',
    sql: 'delete from order_history where version = 2',
  },
  "12 an order's row equals the fold of its history": {
    database: 'order',
    sql: "update orders set status = 'PLACED' where status = 'CONFIRMED'",
  },
  '13 What a payment has come to was told: once each': {
    database: 'payment',
    sql: 'delete from outbox',
  },
  '13 every history row has exactly one outbox row': {
    database: 'order',
    sql: 'delete from outbox where position = (select min(position) from outbox)',
  },
  '13 nothing is told of an order that its history does not have': {
    database: 'order',
    sql: "update outbox set id = 'evt_stray' where position = (select min(position) from outbox)",
  },
  '13 no event of order stays unpublished': unpublished('order'),
  '13 no event of inventory stays unpublished': unpublished('inventory'),
  '13 no event of payment stays unpublished': unpublished('payment'),
  '14 order: outbox = inbox + dead letters': missedBy('order'),
  '14 inventory: outbox = inbox + dead letters': missedBy('inventory'),
  '14 payment: outbox = inbox + dead letters': missedBy('payment'),
  '14 notification: outbox = inbox + dead letters': missedBy('notification'),
  '14 analytics: outbox = inbox + dead letters': missedBy('analytics'),
  '14 analytics: an event in the inbox was recorded once, and no other was': {
    database: 'analytics',
    sql: 'delete from order_events where id = (select min(id) from order_events)',
  },
  '15 one key, one request, one result (order)': key('order', 'one', 'other'),
  '15 one key, one request, one result (inventory)': key('inventory', 'one', 'other'),
  '15 one key, one request, one result (payment)': key('payment', 'one', 'other'),
  '16 every order that a key was answered with exists': key('order', 'one'),
  '16 every product that a key was answered with exists': key('inventory', 'one'),
  '16 every attempt to pay that a key was answered with exists': key('payment', 'one'),
  '16 every order that a service was told of exists': {
    database: 'notification',
    sql: "update notifications set order_id = 'ord_nowhere'",
  },
  '17 an order’s totals are the sums of its lines, which are quantity times price': {
    database: 'order',
    sql: 'update order_lines set total_minor = total_minor + 1',
  },
  '18 No open attempt or refund is left without a next look, none is overdue by more than 60 seconds':
    {
      database: 'payment',
      sql: 'update payment_attempts set settled_at = null, next_action_at = null',
    },
  '18 No provider event waits unprocessed for more than 60 seconds': {
    database: 'payment',
    sql: "update webhook_events set processed_at = null, received_at = now() - interval '61 s'",
  },
  '18 no order that waits for something is without a deadline, or past it': {
    database: 'order',
    sql: "update orders set deadline_at = now() - interval '1 s' where status = 'CONFIRMED'",
  },
  '18 no message is overdue': {
    database: 'notification',
    sql: "update notifications set status = 'PENDING', due_at = now() - interval '1 s'",
  },
  '19 one notification per order, kind, recipient and channel': {
    database: 'notification',
    sql: copy('notifications', { id: 'ntf_second' }),
  },
  '19 each end of an order is told to whoever gave an address, and nothing else is': {
    database: 'notification',
    sql: 'delete from notifications',
  },
  '21 no card number or secret in the database of order': {
    database: 'order',
    sql: `update orders set shipping_address = shipping_address || '{"line2": "${card}"}'`,
  },
  '21 no card number or secret in the database of inventory': {
    database: 'inventory',
    sql: `update products set description = 'pay with ${card}.'`,
  },
  '21 no card number or secret in the database of payment': {
    database: 'payment',
    sql: `update webhook_events set body = '{"data": {"note": "${card.replaceAll(' ', '')}"}}'`,
  },
  '21 no card number or secret in the database of notification': {
    database: 'notification',
    sql: `update notifications set recipient_name = '${card.replaceAll(' ', '-')}'`,
  },
  '21 no card number or secret in the database of analytics': {
    database: 'analytics',
    sql: `update order_events set data = '{"reason": "${card}"}'`,
  },
  '21 no card number or secret in a stream': {
    message: JSON.stringify({ data: { contact: { name: card } } }),
  },
  '22 every event that analytics has is in the outbox of orders': {
    database: 'analytics',
    sql: "update order_events set id = 'evt_stray' where id = (select min(id) from order_events)",
  },
  '22 a sale is the sum of its lines': {
    database: 'analytics',
    sql: 'update sales_lines set revenue_minor = revenue_minor + 1',
  },
  '22 what was sold, order by order, is what the ledger kept': {
    database: 'analytics',
    sql: 'update sales set total_minor = total_minor + 1',
  },
};
