/** Turns a file's lines into the orders to place, and the products and stock that they need. Pure. */
import { createHash } from 'node:crypto';
import {
  classify,
  worthOfLeftOut,
  type FileLine,
  type LeftOutReason,
  type SalesLine,
} from './sales-lines.ts';

export type PlannedLine = {
  readonly sku: string;
  readonly quantity: number;
  readonly unitPriceMinor: number;
};

export type PlannedOrder = {
  /** The invoice's number; from the second order of a long invoice on with `/2`, `/3` … */
  readonly key: string;
  readonly customer: string;
  readonly countryCode: string;
  readonly lines: readonly PlannedLine[];
  readonly totalMinor: number;
};

export type PlannedProduct = {
  readonly sku: string;
  /** The description that most of its lines have. */
  readonly name: string;
  /** The price that most of its lines have. */
  readonly unitPriceMinor: number;
  /** How many all orders take. */
  readonly quantity: number;
};

export type LeftOut = {
  lines: number;
  /** Thousandths of a penny. */
  worth: bigint;
};

export type Plan = {
  readonly orders: readonly PlannedOrder[];
  readonly products: readonly PlannedProduct[];
  readonly linesRead: number;
  readonly invoicesRead: number;
  readonly invoicesPlaced: number;
  readonly leftOut: ReadonlyMap<LeftOutReason, LeftOut>;
  /** A digest of all that is to be placed: the same orders are the same run. */
  readonly digest: string;
};

/** What the files' prices are in. */
export const currency = 'GBP';

/** An order takes at most so many lines. */
export const linesPerOrderMax = 250;

/** Gathers lines as they are read, so that a file need not be held in memory as text. */
export class Planner {
  readonly #invoices = new Map<string, SalesLine[]>();
  readonly #leftOut = new Map<LeftOutReason, LeftOut>();
  readonly #invoicesSeen = new Set<string>();
  readonly #invoicesMax: number;
  #linesRead = 0;

  /** `invoicesMax`: how many invoices that have sales are taken. */
  constructor(invoicesMax = Number.POSITIVE_INFINITY) {
    this.#invoicesMax = invoicesMax;
  }

  /** Takes a line; false if it belongs to the first invoice beyond the limit, and reading can end. */
  take(line: FileLine): boolean {
    const sale = classify(line);
    if (typeof sale !== 'string' && this.#isBeyondLimit(sale.invoice)) return false;
    this.#linesRead += 1;
    this.#invoicesSeen.add(line.InvoiceNo);
    if (typeof sale === 'string') this.#leaveOut(sale, line);
    else {
      const lines = this.#invoices.get(sale.invoice);
      if (lines) lines.push(sale);
      else this.#invoices.set(sale.invoice, [sale]);
    }
    return true;
  }

  plan(): Plan {
    const orders = [...this.#invoices.values()].flatMap(ordersOf);
    return {
      orders,
      products: productsOf(this.#invoices.values()),
      linesRead: this.#linesRead,
      invoicesRead: this.#invoicesSeen.size,
      invoicesPlaced: this.#invoices.size,
      leftOut: this.#leftOut,
      digest: digestOf(orders),
    };
  }

  #isBeyondLimit(invoice: string): boolean {
    return this.#invoices.size >= this.#invoicesMax && !this.#invoices.has(invoice);
  }

  #leaveOut(reason: LeftOutReason, line: FileLine): void {
    const sum = this.#leftOut.get(reason) ?? { lines: 0, worth: 0n };
    sum.lines += 1;
    sum.worth += worthOfLeftOut(line);
    this.#leftOut.set(reason, sum);
  }
}

function ordersOf(lines: readonly SalesLine[]): PlannedOrder[] {
  const [first] = lines;
  if (!first) return [];
  const count = Math.ceil(lines.length / linesPerOrderMax);
  return Array.from({ length: count }, (_, i) => {
    const part = lines.slice(i * linesPerOrderMax, (i + 1) * linesPerOrderMax);
    return {
      key: i === 0 ? first.invoice : `${first.invoice}/${i + 1}`,
      customer: first.customer,
      countryCode: first.countryCode,
      lines: part.map(({ sku, quantity, unitPriceMinor }) => ({ sku, quantity, unitPriceMinor })),
      totalMinor: part.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0),
    };
  });
}

function productsOf(invoices: Iterable<readonly SalesLine[]>): PlannedProduct[] {
  type Tally = { names: Map<string, number>; prices: Map<number, number>; quantity: number };
  const tallies = new Map<string, Tally>();
  for (const lines of invoices) {
    for (const { sku, name, unitPriceMinor, quantity } of lines) {
      const tally = tallies.get(sku) ?? { names: new Map(), prices: new Map(), quantity: 0 };
      tallies.set(sku, tally);
      tally.quantity += quantity;
      tally.prices.set(unitPriceMinor, (tally.prices.get(unitPriceMinor) ?? 0) + 1);
      if (name !== '') tally.names.set(name, (tally.names.get(name) ?? 0) + 1);
    }
  }
  return [...tallies]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([sku, { names, prices, quantity }]) => ({
      sku,
      name: mostFrequent(names) ?? sku,
      unitPriceMinor: mostFrequent(prices) ?? 0,
      quantity,
    }));
}

/** Of several as frequent the one met first. */
function mostFrequent<T>(counts: ReadonlyMap<T, number>): T | undefined {
  let best: T | undefined;
  let most = 0;
  for (const [value, count] of counts) {
    if (count > most) [best, most] = [value, count];
  }
  return best;
}

function digestOf(orders: readonly PlannedOrder[]): string {
  const hash = createHash('sha256');
  for (const order of orders) hash.update(`${JSON.stringify(order)}\n`);
  return hash.digest('hex').slice(0, 12);
}
