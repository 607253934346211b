/** Invariants of orders: 12 and 15 to 18. */
import { transitions } from '@ordergraph/order/domain/transitions.ts';
import type { Invariant } from './invariant.ts';
import {
  acrossDatabases,
  allOrders,
  inDatabase,
  merged,
  outerJoin,
  streamed,
  type Keyed,
} from './queries.ts';

const allowedSteps = Object.entries(transitions)
  .flatMap(([from, row]) => Object.values(row).map((to) => `('${from}', '${to}')`))
  .join(', ');

/** Where keys are kept, and what each key's result names. */
const keyed = [
  { database: 'order', result: 'orders.id', what: 'order' },
  { database: 'inventory', result: 'products.sku', what: 'product' },
  { database: 'payment', result: 'payment_attempts.id', what: 'attempt to pay' },
] as const;

export const orderInvariants: readonly Invariant[] = [
  inDatabase('order', {
    number: 12,
    promise: 'every transition is in the table; every order begins as PLACED',
    of: 'order_history',
    offenders: `
      select order_id, version, previous_status, status from order_history
      where case when previous_status is null then version <> 1 or status <> 'PLACED'
        else (previous_status, status) not in (values ${allowedSteps}) end`,
  }),
  inDatabase('order', {
    number: 12,
    promise: 'versions are dense, and each change begins where the one before it ended',
    of: 'order_history',
    offenders: `
      select order_id, version, previous_status, before from (
        select order_id, version, previous_status,
          row_number() over history as expected, lag(status) over history as before
        from order_history window history as (partition by order_id order by version)
      ) as change
      where version <> expected or previous_status is distinct from before`,
  }),
  inDatabase('order', {
    number: 12,
    promise: "an order's row equals the fold of its history",
    of: 'orders',
    offenders: `
      select coalesce(orders.id, last.order_id) as order_id, orders.status, last.status as told,
        orders.version, last.version as told_version
      from orders full join (
        select distinct on (order_id) * from order_history order by order_id, version desc
      ) as last on last.order_id = orders.id
      where (orders.status, orders.version, orders.status_reason, orders.hold_expires_at,
          orders.updated_at, orders.customer_id)
        is distinct from (last.status, last.version, last.reason, last.hold_expires_at,
          last.occurred_at, last.customer_id)`,
  }),
  ...keyed.map(({ database }) =>
    inDatabase(database, {
      number: 15,
      promise: `one key, one request, one result (${database})`,
      of: 'idempotency_keys',
      offenders: `
        select caller, key, count(*)::int as rows from idempotency_keys
        group by caller, key having count(*) > 1
        union all
        select caller, key, 1 from idempotency_keys where request_hash = '' or result = ''`,
    }),
  ),
  ...keyed.map(({ database, result, what }) =>
    inDatabase(database, {
      number: 16,
      promise: `every ${what} that a key was answered with exists`,
      of: 'idempotency_keys',
      offenders: `
        select caller, key, result from idempotency_keys
        where not exists (select from ${result.split('.')[0]} where ${result} = idempotency_keys.result)`,
    }),
  ),
  acrossDatabases({
    number: 16,
    promise: 'every order that a service was told of exists',
    async check({ sql }, findings) {
      const known = merged<Keyed & { readonly known_to: string }>([
        streamed(
          sql.inventory`select order_id as key, 'inventory' as known_to from order_stock order by order_id collate "C"`,
        ),
        streamed(
          sql.payment`select order_id as key, 'payment' as known_to from payments order by order_id collate "C"`,
        ),
        streamed(
          sql.notification`select distinct order_id collate "C" as key, 'notification' as known_to from notifications order by 1`,
        ),
        streamed(
          sql.analytics`select distinct order_id collate "C" as key, 'analytics' as known_to from order_events order by 1`,
        ),
      ]);
      for await (const { key, left: order, right } of outerJoin(
        allOrders(sql.order),
        oncePerKey(known),
      )) {
        if (!right) continue;
        findings.looked();
        if (!order) findings.add({ order_id: key, known_to: right.known_to });
      }
    },
  }),
  inDatabase('order', {
    number: 17,
    promise: 'an order’s totals are the sums of its lines, which are quantity times price',
    of: 'orders',
    offenders: `
      select orders.id as order_id, subtotal_minor, total_minor, of_lines from orders
      left join (
        select order_id, sum(total_minor) as of_lines,
          bool_and(total_minor = quantity::bigint * unit_price_minor) as exact
        from order_lines group by order_id
      ) as line on line.order_id = orders.id
      where exact is not true or subtotal_minor <> of_lines or total_minor <> subtotal_minor`,
  }),
  inDatabase('order', {
    number: 18,
    promise: 'no order that waits for something is without a deadline, or past it',
    of: 'orders',
    offenders: `
      select id as order_id, status, deadline_at, deadline_at as tolerated_from from orders
        where deadline_at < now()
      union all
      select id, status, deadline_at, null from orders
        where (deadline_at is null) = (status in ('PLACED', 'RESERVED', 'CANCELLING'))`,
  }),
  inDatabase('notification', {
    number: 18,
    promise: 'no message is overdue',
    of: 'notifications',
    offenders: `
      select id, order_id, due_at as tolerated_from from notifications
      where status = 'PENDING' and due_at < now()`,
  }),
];

async function* oncePerKey<R extends Keyed>(rows: AsyncIterable<R>): AsyncGenerator<R> {
  let last: string | undefined;
  for await (const row of rows) {
    if (row.key === last) continue;
    last = row.key;
    yield row;
  }
}
