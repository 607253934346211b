/** Invariants of events: 13 and 14. */
import { consumedEvents as analyticsEvents } from '@ordergraph/analytics/messaging/consumers.ts';
import { orderEventsHeard } from '@ordergraph/inventory/messaging/consumers.ts';
import { consumedEvents as notificationEvents } from '@ordergraph/notification/messaging/consumers.ts';
import {
  inventoryEventsWanted,
  paymentEventsWanted,
} from '@ordergraph/order/messaging/consumers.ts';
import { consumedEvents as paymentEvents } from '@ordergraph/payment/messaging/consumers.ts';
import type { EventDefinition, EventOwner } from '@ordergraph/schema/events/envelope.ts';
import type { SubgraphName } from '@ordergraph/schema/subgraphs.ts';
import type { Invariant } from './invariant.ts';
import {
  acrossDatabases,
  inDatabase,
  merged,
  outerJoin,
  streamed,
  type Findings,
  type Keyed,
  type Sorted,
} from './queries.ts';
import type { Scene, Sql } from './scene.ts';

type Reading = { readonly owner: EventOwner; readonly events: readonly EventDefinition[] };

/** Who reads which events of whom; a consumer has its service's name. */
export const consumers: readonly { name: SubgraphName; reads: readonly Reading[] }[] = [
  {
    name: 'order',
    reads: [
      { owner: 'inventory', events: inventoryEventsWanted },
      { owner: 'payment', events: paymentEventsWanted },
    ],
  },
  { name: 'inventory', reads: [{ owner: 'order', events: orderEventsHeard }] },
  { name: 'payment', reads: [{ owner: 'order', events: paymentEvents }] },
  { name: 'notification', reads: [{ owner: 'order', events: notificationEvents }] },
  { name: 'analytics', reads: [{ owner: 'order', events: analyticsEvents }] },
];

const owners = ['order', 'inventory', 'payment'] as const satisfies readonly EventOwner[];

type Told = Keyed & { readonly created_at: Date };
type Taken = Keyed & { readonly inboxes: number; readonly dead: number };

export const eventInvariants: readonly Invariant[] = [
  inDatabase('order', {
    number: 13,
    promise: 'every history row has exactly one outbox row',
    of: 'order_history',
    offenders: `
      select order_history.id as event_id, order_id, version, count(outbox.id)::int as outbox_rows
      from order_history left join outbox
        on outbox.id = order_history.id and outbox.subject = order_history.order_id
      group by order_history.id, order_id, version having count(outbox.id) <> 1`,
  }),
  inDatabase('order', {
    number: 13,
    promise: 'nothing is told of an order that its history does not have',
    of: 'outbox',
    // A cancellation that hangs is asked for again, by an event of its own.
    offenders: `
      select id as event_id, subject, type from outbox
      where type <> 'order.cancelling'
        and not exists (select from order_history where order_history.id = outbox.id)`,
  }),
  ...owners.map((owner): Invariant => ({
    number: 13,
    promise: `no event of ${owner} stays unpublished`,
    check: ({ grace, ...scene }) =>
      inDatabase(owner, {
        number: 13,
        promise: '',
        of: 'outbox',
        offenders: `
            select id as event_id, type, created_at as tolerated_from from outbox
            where published_at is null`,
      }).check({ ...scene, grace: { ...grace, healMs: grace.publishMs } }),
  })),
  ...consumers.map(({ name, reads }) =>
    acrossDatabases({
      number: 14,
      promise: `${name}: outbox = inbox + dead letters`,
      check: (scene, findings) => compareConsumer(scene, { name, reads, findings }),
    }),
  ),
  inDatabase('analytics', {
    number: 14,
    promise: 'analytics: an event in the inbox was recorded once, and no other was',
    of: 'inbox',
    offenders: `
      select coalesce(event_id, id) as event_id, id is not null as recorded from inbox
      full join order_events on id = event_id
      where id is null or event_id is null`,
  }),
];

async function compareConsumer(
  { sql, grace }: Scene,
  work: { name: SubgraphName; reads: readonly Reading[]; findings: Findings },
): Promise<void> {
  const { name, reads, findings } = work;
  const told = merged(reads.map(({ owner, events }) => toldEvents(sql[owner], events)));
  for await (const { key, left: event, right: taken } of outerJoin(
    told,
    takenEvents(sql[name], name),
  )) {
    findings.looked();
    const { inboxes = 0, dead = 0 } = taken ?? {};
    const row = { consumer: name, event_id: key, in_inbox: inboxes, dead_letters: dead };
    // What was never told may be a dead letter (somebody else's rubbish), but must have had no effect.
    if (!event && inboxes > 0) findings.add({ ...row, in_outbox: 0 });
    if (event && inboxes + dead !== 1) {
      const isLate = inboxes + dead === 0;
      findings.add(row, isLate ? { since: event.created_at, graceMs: grace.healMs } : undefined);
    }
  }
}

function toldEvents(sql: Sql, events: readonly EventDefinition[]): Sorted<Told> {
  return streamed(sql`
    select id as key, created_at from outbox
    where type = any(${events.map(({ type }) => type)}::text[]) order by id collate "C"`);
}

/** A dead letter that was put through again counts no more: the event is in the inbox then, or dead once more. */
function takenEvents(sql: Sql, consumer: string): Sorted<Taken> {
  return streamed(sql`
    select event_id as key, sum(inboxes)::int as inboxes, sum(dead)::int as dead from (
      select event_id, 1 as inboxes, 0 as dead from inbox where consumer = ${consumer}
      union all
      select event_id, 0, 1 from dead_letters where consumer = ${consumer} and replayed_at is null
    ) as event
    group by event_id order by event_id collate "C"`);
}
