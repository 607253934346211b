/** What order events mean for sales: an order counts from its confirmation on, unless it is cancelled. */

export type SaleLine = {
  readonly lineId: string;
  readonly sku: string;
  readonly name: string;
  readonly units: number;
  readonly revenueMinor: number;
};

export type Confirmation = {
  readonly kind: 'confirmed';
  readonly orderId: string;
  readonly at: Date;
  readonly totalMinor: number;
  readonly currency: string;
  readonly countryCode: string;
  readonly channel: string;
  readonly lines: readonly SaleLine[];
};

export type Cancellation = {
  readonly kind: 'cancelled';
  readonly orderId: string;
  readonly at: Date;
};

export type SaleEvent = Confirmation | Cancellation;

/** What is known of an order; a cancellation may be heard of before the confirmation. */
export type Sale = {
  readonly orderId: string;
  readonly confirmedAt: Date | null;
  readonly cancelledAt: Date | null;
  readonly totalMinor: number | null;
  readonly currency: string | null;
};

/** One sale per order, ordered by order, of events in any order. The first confirmation and cancellation count. */
export function foldSales(events: readonly SaleEvent[]): Sale[] {
  const sales = new Map<string, Sale>();
  for (const event of events) sales.set(event.orderId, evolve(sales.get(event.orderId), event));
  return [...sales.values()].toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1));
}

function evolve(known: Sale | undefined, event: SaleEvent): Sale {
  const sale = known ?? {
    orderId: event.orderId,
    confirmedAt: null,
    cancelledAt: null,
    totalMinor: null,
    currency: null,
  };
  if (event.kind === 'cancelled') return { ...sale, cancelledAt: sale.cancelledAt ?? event.at };
  if (sale.confirmedAt !== null) return sale;
  const { at, totalMinor, currency } = event;
  return { ...sale, confirmedAt: at, totalMinor, currency };
}

/** The calendar day of an instant in UTC. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
