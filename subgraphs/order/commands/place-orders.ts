/**
 * Places orders. Requests that arrive together share a transaction: prices are read once for all, each is decided on its
 * own, the keys of the accepted are claimed, and rows, history and outbox take one statement each. A refused request
 * writes nothing; a key seen before gives the order it made then, whatever the catalogue says now.
 */
import type { Database, Transaction } from '@ordergraph/platform/database.ts';
import { claimKeys, findKeys, type KeyClaim } from '@ordergraph/platform/idempotency.ts';
import { newId } from '@ordergraph/platform/ids.ts';
import { appendToOutbox } from '@ordergraph/platform/outbox.ts';
import type { Cause } from '@ordergraph/schema/events/envelope.ts';
import { deadlineAfter, type DeadlinePolicy } from '../domain/deadlines.ts';
import type { Order, OrderChange } from '../domain/order.ts';
import {
  decidePlacement,
  type NewOrder,
  type PlaceOrder,
  type PlacementRejection,
} from '../domain/placement.ts';
import { toEvent } from '../messaging/publish.ts';
import { findEntries } from '../store/catalogue.ts';
import { insertOrders } from '../store/orders.ts';

export type PlacementRequest = {
  /** Who asks: the scope of the key, and the customer. */
  readonly caller: string;
  readonly idempotencyKey: string;
  readonly requestHash: string;
  readonly command: PlaceOrder;
  readonly cause: Cause;
};

export type PlacementResult =
  | { readonly kind: 'placed'; readonly order: Order; readonly change: OrderChange }
  | { readonly kind: 'replayed'; readonly orderId: string }
  | { readonly kind: 'reused' }
  | { readonly kind: 'rejected'; readonly rejections: readonly PlacementRejection[] };

type Pending = {
  readonly request: PlacementRequest;
  readonly placed: NewOrder | undefined;
  readonly rejections: readonly PlacementRejection[];
};

/** Places a batch in one transaction; the n-th result answers the n-th request. */
export async function placeOrders(
  sql: Database,
  requests: readonly PlacementRequest[],
  context: { now: () => Date; policy: DeadlinePolicy },
): Promise<PlacementResult[]> {
  const skus = requests.flatMap(({ command }) => command.lines.map(({ sku }) => sku));
  const catalogue = await findEntries(sql, skus);
  const pending = requests.map((request): Pending => {
    const decision = decidePlacement(request.command, catalogue, {
      now: context.now(),
      orderId: newId('ord'),
      changeId: newId('evt'),
      newLineId: () => newId('oln'),
    });
    return decision.kind === 'accepted'
      ? { request, placed: decision.placed, rejections: [] }
      : { request, placed: undefined, rejections: decision.rejections };
  });
  const results = new Map<Pending, PlacementResult>();
  const refused = pending.filter(({ placed }) => !placed);
  const known = await findKeys(sql, refused.map(claimOf));
  refused.forEach((entry, i) => {
    results.set(
      entry,
      earlierResult(known[i]) ?? { kind: 'rejected', rejections: entry.rejections },
    );
  });
  const accepted = pending.filter(({ placed }) => placed);
  if (accepted.length > 0) {
    const saved = await sql.begin((tx) => saveAccepted(tx, accepted, context.policy));
    accepted.forEach((entry, i) => {
      const result = saved[i];
      if (result) results.set(entry, result);
    });
  }
  return pending.map((entry) => {
    const result = results.get(entry);
    if (!result) throw new Error('A placement was left without a result');
    return result;
  });
}

async function saveAccepted(
  tx: Transaction,
  accepted: readonly Pending[],
  policy: DeadlinePolicy,
): Promise<PlacementResult[]> {
  const claims = await claimKeys(tx, accepted.map(claimOf));
  const fresh = accepted.filter((_entry, i) => claims[i]?.kind === 'fresh');
  const placed = fresh.flatMap((entry) => (entry.placed ? [entry.placed] : []));
  const orders = await savePlaced(tx, { fresh, placed, policy });
  return accepted.map(({ placed: entry }, i) => {
    const earlier = earlierResult(claims[i]);
    if (earlier) return earlier;
    const order = entry && orders.get(entry.order.id);
    if (!entry || !order) throw new Error('An accepted order was not saved');
    return { kind: 'placed', order, change: entry.change };
  });
}

async function savePlaced(
  tx: Transaction,
  work: { fresh: readonly Pending[]; placed: readonly NewOrder[]; policy: DeadlinePolicy },
): Promise<Map<string, Order>> {
  const { fresh, placed, policy } = work;
  if (placed.length === 0) return new Map();
  const deadlines = placed.map(({ change }) => deadlineAfter(change, policy));
  const orders = await insertOrders(tx, placed, deadlines);
  await appendToOutbox(
    tx,
    fresh.flatMap(({ placed: entry, request: { cause } }) =>
      entry ? [toEvent(entry.order, entry.change, { lines: entry.lines, cause })] : [],
    ),
  );
  return new Map(orders.map((order) => [order.id, order]));
}

function claimOf({ request, placed }: Pending): {
  caller: string;
  key: string;
  hash: string;
  result: string;
} {
  const { caller, idempotencyKey: key, requestHash: hash } = request;
  return { caller, key, hash, result: placed?.order.id ?? '' };
}

function earlierResult(claim: KeyClaim | undefined): PlacementResult | undefined {
  if (claim?.kind === 'replayed') return { kind: 'replayed', orderId: claim.result };
  return claim?.kind === 'reused' ? { kind: 'reused' } : undefined;
}
