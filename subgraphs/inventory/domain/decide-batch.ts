/**
 * Decides a batch of orders' news in memory, one by one and in order, on rows that were loaded and locked once. The
 * outcome is the net effect, so that it can be written with one statement per kind of change.
 */
import type { StockFact } from './facts.ts';
import { grant, type OrderLine } from './grant.ts';
import { transitions, type KnownState, type Reaction, type Trigger } from './order-stock.ts';
import { StockBook, type StockChange, type StockLevel } from './stock-book.ts';

type Party = { readonly orderId: string; readonly customerId: string };

export type OrderNews = Party &
  (
    | { readonly trigger: 'placed'; readonly lines: readonly OrderLine[] }
    | { readonly trigger: Exclude<Trigger, 'placed'> }
  );

export type OrderStock = Party & { readonly state: KnownState; readonly expiresAt: Date | null };

export type ReservationStatus = 'HELD' | 'ALLOCATED' | 'RELEASED';

/** Stock of one warehouse set aside for one line; identified by order, line and warehouse. */
export type Reservation = {
  readonly orderId: string;
  readonly lineId: string;
  readonly sku: string;
  readonly warehouse: string;
  readonly quantity: number;
  readonly status: ReservationStatus;
};

/** What the batch speaks of, as it stands. */
export type Loaded = {
  readonly orders: readonly OrderStock[];
  /** The reservations of these orders that are held or allocated. */
  readonly reservations: readonly Reservation[];
  readonly levels: readonly StockLevel[];
  /** Those of the ordered products without stock that the catalogue has. */
  readonly products: ReadonlySet<string>;
};

export type BatchOutcome = {
  /** The facts in order; `cause` is the position in the batch of the news that each answers. */
  readonly facts: readonly { readonly fact: StockFact; readonly cause: number }[];
  readonly newOrders: readonly OrderStock[];
  readonly changedOrders: readonly OrderStock[];
  readonly newReservations: readonly Reservation[];
  readonly changedReservations: readonly Reservation[];
  readonly stockChanges: readonly StockChange[];
};

/** News that cannot follow from what is known of its order. */
export class ImpossibleNews extends Error {
  constructor(trigger: Trigger, state: string, orderId: string) {
    super(`Order ${orderId} is said to be ${trigger}, but its stock is ${state}`);
    this.name = 'ImpossibleNews';
  }
}

/**
 * @param expiresAt until when new holds last.
 * @throws ImpossibleNews
 */
export function decideBatch(
  news: readonly OrderNews[],
  loaded: Loaded,
  expiresAt: Date,
): BatchOutcome {
  const batch = new Batch(loaded, expiresAt);
  news.forEach((each, cause) => batch.apply(each, cause));
  return batch.outcome();
}

class Batch {
  readonly #loaded: Loaded;
  readonly #expiresAt: Date;
  readonly #book: StockBook;
  readonly #orders: Map<string, OrderStock>;
  readonly #known: ReadonlySet<string>;
  readonly #touched = new Set<string>();
  readonly #reservations = new Map<string, Reservation[]>();
  readonly #facts: { fact: StockFact; cause: number }[] = [];

  constructor(loaded: Loaded, expiresAt: Date) {
    this.#loaded = loaded;
    this.#expiresAt = expiresAt;
    this.#book = new StockBook(loaded.levels);
    this.#orders = new Map(loaded.orders.map((order) => [order.orderId, order]));
    this.#known = new Set(this.#orders.keys());
    for (const reservation of loaded.reservations) {
      const siblings = this.#reservations.get(reservation.orderId);
      if (siblings) siblings.push(reservation);
      else this.#reservations.set(reservation.orderId, [reservation]);
    }
  }

  apply(news: OrderNews, cause: number): void {
    const state = this.#orders.get(news.orderId)?.state ?? 'UNKNOWN';
    const reaction: Reaction = transitions[state][news.trigger];
    switch (reaction.does) {
      case 'hold':
        this.#hold(news, cause);
        break;
      case 'allocate':
        this.#setAside(news, reaction.to, 'ALLOCATED');
        break;
      case 'pin':
        this.#setAside(news, reaction.to, 'HELD');
        break;
      case 'release':
        if (state !== reaction.to) this.#setAside(news, reaction.to, 'RELEASED');
        if (reaction.tells) this.#tell({ type: 'StockReleased', orderId: news.orderId }, cause);
        break;
      case 'fault':
        throw new ImpossibleNews(news.trigger, state, news.orderId);
      case 'nothing':
        break;
    }
  }

  outcome(): BatchOutcome {
    const orders = [...this.#touched].flatMap((orderId) => this.#orders.get(orderId) ?? []);
    const isKnown = ({ orderId }: { orderId: string }) => this.#known.has(orderId);
    const reservations = [...this.#touched].flatMap((id) => this.#reservations.get(id) ?? []);
    const before = new Set(this.#loaded.reservations);
    return {
      facts: this.#facts,
      newOrders: orders.filter((order) => !isKnown(order)),
      changedOrders: orders.filter(isKnown),
      // An order gets reservations only when it becomes known, so its reservations are as new as the order is.
      newReservations: reservations.filter((reservation) => !isKnown(reservation)),
      changedReservations: reservations.filter(
        (reservation) => isKnown(reservation) && !before.has(reservation),
      ),
      stockChanges: this.#book.changes(),
    };
  }

  #hold(news: OrderNews, cause: number): void {
    if (news.trigger !== 'placed') throw new Error(`Nothing is held on ${news.trigger}`);
    const { orderId } = news;
    const answer = grant(news.lines, this.#book, (sku) => this.#loaded.products.has(sku));
    if (answer.kind === 'refused') {
      const { reason, shortages } = answer;
      this.#move(news, 'REFUSED');
      this.#tell({ type: 'StockRefused', orderId, reason, shortages }, cause);
      return;
    }
    this.#reservations.set(
      orderId,
      answer.parts.map((part) => ({ orderId, ...part, status: 'HELD' })),
    );
    this.#move(news, 'HELD');
    this.#tell({ type: 'StockHeld', orderId, expiresAt: this.#expiresAt }, cause);
  }

  /** Moves the order to a state, and all that is set aside for it to the status that goes with it. */
  #setAside(party: Party, state: KnownState, to: ReservationStatus): void {
    const reservations = (this.#reservations.get(party.orderId) ?? []).map((reservation) => {
      const { quantity, status: from } = reservation;
      if (from === to) return reservation;
      this.#book.move(reservation, quantity, { from, to });
      return { ...reservation, status: to };
    });
    this.#reservations.set(party.orderId, reservations);
    this.#move(party, state);
  }

  #move({ orderId, customerId }: Party, state: KnownState): void {
    const expiresAt = state === 'HELD' ? this.#expiresAt : null;
    this.#orders.set(orderId, { orderId, customerId, state, expiresAt });
    this.#touched.add(orderId);
  }

  #tell(fact: StockFact, cause: number): void {
    this.#facts.push({ fact, cause });
  }
}
