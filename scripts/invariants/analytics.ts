/** Invariant 22: what analytics counts. */
import type { Invariant } from './invariant.ts';
import {
  acrossDatabases,
  allOrders,
  inDatabase,
  outerJoin,
  streamed,
  type Keyed,
  type OrderRow,
  type Sorted,
} from './queries.ts';
import type { Sql } from './scene.ts';

/** Amounts per currency, for example `1250 GBP`; empty if there is nothing. */
type Amounts = Keyed & { readonly amounts: string };
type Books = { readonly order: OrderRow; readonly sold: string; readonly kept: string };

export const analyticsInvariants: readonly Invariant[] = [
  acrossDatabases({
    number: 22,
    promise: 'every event that analytics has is in the outbox of orders',
    async check({ sql }, findings) {
      for await (const { key, left: recorded, right: told } of outerJoin(
        streamed<Keyed>(sql.analytics`select id as key from order_events order by id collate "C"`),
        streamed<Keyed>(sql.order`select id as key from outbox order by id collate "C"`),
      )) {
        if (!recorded) continue;
        findings.looked();
        if (!told) findings.add({ event_id: key });
      }
    },
  }),
  inDatabase('analytics', {
    number: 22,
    promise: 'a sale is the sum of its lines',
    of: 'sales',
    offenders: `
      select order_id, total_minor, of_lines from sales
      full join (
        select order_id, sum(revenue_minor) as of_lines from sales_lines group by order_id
      ) as line using (order_id)
      where total_minor is distinct from of_lines`,
  }),
  acrossDatabases({
    number: 22,
    promise: 'what was sold, order by order, is what the ledger kept',
    async check({ sql, grace }, findings) {
      const books = outerJoin(soldAmounts(sql.analytics), keptAmounts(sql.payment));
      for await (const { key, left: order, right } of outerJoin(
        allOrders(sql.order),
        keyed(books),
      )) {
        findings.looked();
        const { sold, kept } = right ?? { sold: '', kept: '' };
        const row = { order_id: key, order: order?.status ?? 'unknown', sold, kept };
        if (!order) findings.add(row);
        else if (!agrees({ order, sold, kept })) {
          findings.add(row, { since: order.updated_at, graceMs: grace.healMs });
        }
      }
    },
  }),
];

/** Confirmed orders are sold for what was kept; the others are not sold, unless they are being cancelled or looked into. */
function agrees({ order, sold, kept }: Books): boolean {
  switch (order.status) {
    case 'CONFIRMED':
      return sold === kept && sold === amount(order);
    case 'CANCELLING':
    case 'ON_HOLD':
      return true;
    default:
      return sold === '' && (kept === '' || order.status === 'RESERVED');
  }
}

function amount({ total_minor: minor, currency }: OrderRow): string {
  return minor === 0 ? '' : `${minor} ${currency}`;
}

type Joined = AsyncIterable<{ key: string; left: Amounts | undefined; right: Amounts | undefined }>;

async function* keyed(books: Joined): AsyncGenerator<Keyed & { sold: string; kept: string }> {
  for await (const { key, left, right } of books) {
    yield { key, sold: left?.amounts ?? '', kept: right?.amounts ?? '' };
  }
}

function soldAmounts(sql: Sql): Sorted<Amounts> {
  return streamed(sql`
    select order_id as key, total_minor || ' ' || currency as amounts from sales
    where confirmed_at is not null and cancelled_at is null and total_minor > 0
    order by order_id collate "C"`);
}

/** Captured less refunded: what the sales account was credited, as a credit is negative. */
function keptAmounts(sql: Sql): Sorted<Amounts> {
  return streamed(sql`
    select order_id as key, string_agg(minor || ' ' || currency, ', ' order by currency) as amounts
    from (
      select order_id, currency, -sum(amount_minor) as minor
      from ledger_transactions join ledger_entries on transaction_id = id
      where account = 'sales' group by order_id, currency having sum(amount_minor) <> 0
    ) as kept
    group by order_id order by order_id collate "C"`);
}
