/** What can be done to the inventory: load and lock, decide, save and publish, in one transaction. */
import type { Clock } from '@ordergraph/platform/clock.ts';
import type { Database, Transaction } from '@ordergraph/platform/database.ts';
import { claimKey, requestHash } from '@ordergraph/platform/idempotency.ts';
import { newId } from '@ordergraph/platform/ids.ts';
import type { Cause } from '@ordergraph/schema/events/envelope.ts';
import { refuseAdjustment, type Adjustment } from './domain/adjust-stock.ts';
import { decideBatch, type Loaded, type OrderNews } from './domain/decide-batch.ts';
import type { InventoryFact } from './domain/facts.ts';
import type { Product, ProductDetails } from './domain/product.ts';
import type { Refusal } from './domain/refusal.ts';
import * as orders from './store/orders.ts';
import { findSkus, getProduct, lockProduct, upsertProduct } from './store/products.ts';
import { bookStock, changeStock, lockStock } from './store/stock.ts';

/** A fact with what set it going. */
export type Announcement = { readonly fact: InventoryFact; readonly cause: Cause };

export type InventoryOptions = {
  readonly sql: Database;
  readonly clock: Clock;
  /** How long stock is held for an order that is not paid, in milliseconds. */
  readonly holdDurationMs: number;
  /** Writes facts to the outbox. */
  readonly publish: (
    tx: Transaction,
    announcements: readonly Announcement[],
    now: Date,
  ) => Promise<void>;
  /** Called after a commit that published something. */
  readonly published: () => void;
};

/** Who asks for a change, under which key, and what it is filed under. */
export type Request = {
  readonly caller: string;
  /** 1 to 255 characters, unique per caller. */
  readonly idempotencyKey: string;
  readonly cause: Cause;
};

export type UpsertProduct = Request & { readonly product: ProductDetails };
export type AdjustStock = Request & Adjustment & { readonly reason: string };

export type ProductResult =
  | { readonly kind: 'done'; readonly product: Product; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export type Inventory = ReturnType<typeof createInventory>;

export function createInventory(options: InventoryOptions) {
  return {
    upsertProduct: (command: UpsertProduct) => runUpsertProduct(options, command),
    adjustStock: (command: AdjustStock) => runAdjustStock(options, command),
    /** The n-th cause is that of the n-th news. @throws ImpossibleNews, OrderRowCollision */
    takeOrderNews: (tx: Transaction, news: readonly OrderNews[], causes: readonly Cause[]) =>
      runOrderNews(options, tx, { news, causes }),
  };
}

async function runUpsertProduct(
  { sql, clock, publish, published }: InventoryOptions,
  { product: details, cause, ...request }: UpsertProduct,
): Promise<ProductResult> {
  return once(
    sql,
    { ...request, command: 'upsertProduct', sku: details.sku, details },
    async (tx) => {
      const now = clock.now();
      const { product, changed } = await upsertProduct(tx, details, now);
      if (!changed) return { product };
      await publish(tx, [{ fact: { type: 'ProductUpserted', ...product }, cause }], now);
      return { product, committed: published };
    },
  );
}

async function runAdjustStock(
  { sql, clock }: InventoryOptions,
  { caller, idempotencyKey, cause: _cause, ...command }: AdjustStock,
): Promise<ProductResult> {
  const { sku, reason, warehouse } = command;
  const request = { caller, idempotencyKey, command: 'adjustStock', sku, details: command };
  return once(sql, request, async (tx) => {
    // The product's lock comes first: it keeps the total of all warehouses still.
    const [product, levels] = await Promise.all([lockProduct(tx, sku), lockStock(tx, [sku])]);
    if (!product) throw new Refused(unknownProduct(sku));
    const refusal = refuseAdjustment(command, levels);
    if (refusal) throw new Refused(refusal);
    const opens = !levels.some((level) => level.warehouse === warehouse);
    const entry = { id: newId('mov'), reason, actor: caller, at: clock.now(), opens };
    await bookStock(tx, command, entry);
    return { product };
  });
}

/** Deals with a batch of orders' news in about a dozen statements, however many orders and lines it has. */
async function runOrderNews(
  { clock, holdDurationMs, publish }: InventoryOptions,
  tx: Transaction,
  { news, causes }: { news: readonly OrderNews[]; causes: readonly Cause[] },
): Promise<void> {
  const loaded = await load(tx, news);
  const now = clock.now();
  const outcome = decideBatch(news, loaded, new Date(now.getTime() + holdDurationMs));
  const announcements = outcome.facts.flatMap(({ fact, cause: position }) => {
    const cause = causes[position];
    return cause ? [{ fact, cause }] : [];
  });
  // Sent without waiting for one another: one connection runs them in this order, in one round trip. New orders come
  // first, so that a collision on one is told as such.
  await Promise.all([
    orders.insertOrders(tx, outcome.newOrders, now),
    orders.updateOrders(tx, outcome.changedOrders, now),
    orders.insertReservations(tx, outcome.newReservations),
    orders.updateReservations(tx, outcome.changedReservations),
    changeStock(tx, outcome.stockChanges),
    publish(tx, announcements, now),
  ]);
}

/** Locks first the orders, then the stock, each in order, so that batches wait for each other and never in a ring. */
async function load(tx: Transaction, news: readonly OrderNews[]): Promise<Loaded> {
  const known = await orders.lockOrders(
    tx,
    news.map(({ orderId }) => orderId),
  );
  const knownIds = known.map(({ orderId }) => orderId);
  const reservations = await orders.findLiveReservations(tx, knownIds);
  const isKnown = new Set(knownIds);
  const wanted = new Set(
    news.flatMap((each) =>
      each.trigger === 'placed' && !isKnown.has(each.orderId)
        ? each.lines.map(({ sku }) => sku)
        : [],
    ),
  );
  const levels = await lockStock(tx, [...wanted, ...reservations.map(({ sku }) => sku)]);
  for (const { sku } of levels) wanted.delete(sku);
  return { orders: known, reservations, levels, products: await findSkus(tx, [...wanted]) };
}

/** Rolls a transaction back, the idempotency key included. */
class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

type OnceRequest = {
  caller: string;
  idempotencyKey: string;
  command: string;
  sku: string;
  details: unknown;
};

/** Runs a change of a product once per idempotency key. A refused one leaves nothing, so its key can be used again. */
async function once(
  sql: Database,
  { caller, idempotencyKey, command, sku, details }: OnceRequest,
  run: (tx: Transaction) => Promise<{ product: Product; committed?: () => void }>,
): Promise<ProductResult> {
  const hash = requestHash(command, details);
  try {
    const { committed, ...result } = await sql.begin(async (tx) => {
      const claim = await claimKey(tx, { caller, key: idempotencyKey, hash, result: sku });
      if (claim.kind === 'reused') throw new Refused(keyReused);
      if (claim.kind === 'replayed') return { product: await getProduct(tx, sku), replayed: true };
      return { ...(await run(tx)), replayed: false };
    });
    committed?.();
    return { kind: 'done', ...result };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', refusal: error.refusal };
    throw error;
  }
}

const keyReused: Refusal = {
  code: 'IDEMPOTENCY_KEY_REUSED',
  message: 'This idempotency key was used before with another request.',
  field: ['input', 'idempotencyKey'],
};

function unknownProduct(sku: string): Refusal {
  return {
    code: 'NOT_FOUND',
    message: `There is no product ${sku}.`,
    field: ['input', 'sku'],
  };
}
