/** Something the shop sells. */
export type Product = {
  readonly sku: string;
  readonly name: string;
  readonly description: string | null;
  readonly unitPriceMinor: number;
  readonly currency: string;
  /** Counts changes from 1. */
  readonly version: number;
};

export type ProductDetails = Omit<Product, 'version'>;
