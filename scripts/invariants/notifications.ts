/** Invariant 19: messages to customers. */
import { parseMailbox } from '@ordergraph/notification/domain/mailbox.ts';
import type { Invariant } from './invariant.ts';
import {
  acrossDatabases,
  inDatabase,
  outerJoin,
  streamed,
  type Keyed,
  type Sorted,
} from './queries.ts';
import type { Sql } from './scene.ts';

/** An order and a kind of message, as `ord_… ORDER_CONFIRMED`. */
type Owed = Keyed & { readonly email: string | null; readonly since: Date };
type Written = Keyed & { readonly rows: number };

export const notificationInvariants: readonly Invariant[] = [
  inDatabase('notification', {
    number: 19,
    promise: 'one notification per order, kind, recipient and channel',
    of: 'notifications',
    offenders: `
      select order_id, kind, channel, count(*)::int as notifications from notifications
      group by order_id, kind, recipient, channel having count(*) > 1`,
  }),
  acrossDatabases({
    number: 19,
    promise: 'each end of an order is told to whoever gave an address, and nothing else is',
    async check({ sql, grace }, findings) {
      for await (const { key, left: owed, right: written } of outerJoin(
        owedNotifications(sql.order),
        writtenNotifications(sql.notification),
      )) {
        findings.looked();
        const row = { notification: key, owed: owed ? 1 : 0, written: written?.rows ?? 0 };
        if (!owed) findings.add(row);
        else if (!written && owed.email !== null && parseMailbox(owed.email) !== undefined) {
          findings.add(row, { since: owed.since, graceMs: grace.healMs });
        }
      }
    },
  }),
];

function owedNotifications(sql: Sql): Sorted<Owed> {
  return streamed(sql`
    select order_id || ' ORDER_' || order_history.status as key,
      shipping_address->>'email' as email, max(occurred_at) as since
    from order_history join orders on orders.id = order_id
    where order_history.status in ('CONFIRMED', 'REJECTED', 'EXPIRED', 'CANCELLED')
    group by 1, 2 order by (order_id || ' ORDER_' || order_history.status) collate "C"`);
}

function writtenNotifications(sql: Sql): Sorted<Written> {
  return streamed(sql`
    select order_id || ' ' || kind as key, count(*)::int as rows from notifications
    group by 1 order by (order_id || ' ' || kind) collate "C"`);
}
