/** Stock levels loaded for one batch, with what the batch takes and gives back. */

/** What one warehouse has of one product. */
export type StockLevel = {
  readonly sku: string;
  readonly warehouse: string;
  readonly onHand: number;
  readonly held: number;
  readonly allocated: number;
};

/** A part of a line, taken from one warehouse. */
export type Pick = { readonly warehouse: string; readonly quantity: number };

/** By how much a batch changes a level. */
export type StockChange = {
  readonly sku: string;
  readonly warehouse: string;
  readonly held: number;
  readonly allocated: number;
};

type Entry = { readonly level: StockLevel; free: number; held: number; allocated: number };
type Bucket = 'HELD' | 'ALLOCATED' | 'RELEASED';
type Place = { readonly sku: string; readonly warehouse: string };

/** Where a level counts the quantity of a reservation, by the reservation's status. */
const bucket = { HELD: 'held', ALLOCATED: 'allocated', RELEASED: 'free' } as const;

export class StockBook {
  readonly #entries = new Map<string, Entry[]>();

  constructor(levels: readonly StockLevel[]) {
    for (const level of levels) {
      const entries = this.#entries.get(level.sku) ?? [];
      const free = level.onHand - level.held - level.allocated;
      entries.push({ level, free, held: 0, allocated: 0 });
      this.#entries.set(level.sku, entries);
    }
    for (const entries of this.#entries.values()) entries.sort(byWarehouse);
  }

  has(sku: string): boolean {
    return this.#entries.has(sku);
  }

  /** What is free of a product in all warehouses together. */
  free(sku: string): number {
    return (this.#entries.get(sku) ?? []).reduce((sum, { free }) => sum + free, 0);
  }

  /**
   * Holds a quantity that is known to be free. The first warehouse by name that has all of it gives it; if none has,
   * the fullest give what they have, so that the line falls into as few parts as can be.
   */
  hold(sku: string, quantity: number): Pick[] {
    const entries = this.#entries.get(sku) ?? [];
    const single = entries.find(({ free }) => free >= quantity);
    const sources = single ? [single] : entries.toSorted((a, b) => b.free - a.free);
    const picks: Pick[] = [];
    let missing = quantity;
    for (const entry of sources) {
      const taken = Math.min(missing, entry.free);
      if (taken === 0) break;
      entry.free -= taken;
      entry.held += taken;
      missing -= taken;
      picks.push({ warehouse: entry.level.warehouse, quantity: taken });
    }
    if (missing > 0) throw new Error(`Less of ${sku} is free than was promised`);
    return picks;
  }

  /** Follows a reservation from one status to another. */
  move(place: Place, quantity: number, { from, to }: { from: Bucket; to: Bucket }): void {
    const entry = this.#at(place);
    entry[bucket[from]] -= quantity;
    entry[bucket[to]] += quantity;
  }

  /** The net effect, without what cancelled itself out. */
  changes(): StockChange[] {
    return [...this.#entries.values()].flatMap((entries) =>
      entries
        .filter(({ held, allocated }) => held !== 0 || allocated !== 0)
        .map(({ level: { sku, warehouse }, held, allocated }) => ({
          sku,
          warehouse,
          held,
          allocated,
        })),
    );
  }

  #at({ sku, warehouse }: Place): Entry {
    const entry = this.#entries.get(sku)?.find(({ level }) => level.warehouse === warehouse);
    if (!entry)
      throw new Error(`A reservation names ${sku} in ${warehouse}, which has no stock row`);
    return entry;
  }
}

function byWarehouse(a: Entry, b: Entry): number {
  return a.level.warehouse < b.level.warehouse ? -1 : 1;
}
