/** Queries on the catalogue. */
import type { Queryable, Transaction } from '@ordergraph/platform/database.ts';
import type { Product, ProductDetails } from '../domain/product.ts';

export type ProductQuery = {
  readonly limit: number;
  /** Only products behind this SKU. */
  readonly after: string | null;
  readonly skus: readonly string[] | null;
  readonly nameContains: string | null;
  readonly inStock: boolean;
};

/**
 * Creates a product or changes it.
 * @returns the product, and whether this changed anything; its row is locked if so.
 */
export async function upsertProduct(
  tx: Transaction,
  details: ProductDetails,
  now: Date,
): Promise<{ product: Product; changed: boolean }> {
  const { sku, name, description, unitPriceMinor, currency } = details;
  const [product] = await tx<Product[]>`
    insert into products as known
      (sku, name, description, unit_price_minor, currency, version, updated_at)
    values (${sku}, ${name}, ${description}, ${unitPriceMinor}, ${currency}, 1, ${now})
    on conflict (sku) do update
    set name = excluded.name, description = excluded.description,
      unit_price_minor = excluded.unit_price_minor, currency = excluded.currency,
      version = known.version + 1, updated_at = excluded.updated_at
    where (known.name, known.description, known.unit_price_minor, known.currency)
      is distinct from
      (excluded.name, excluded.description, excluded.unit_price_minor, excluded.currency)
    returning ${columns(tx)}`;
  return product
    ? { product, changed: true }
    : { product: await getProduct(tx, sku), changed: false };
}

/** A product that is known to exist: products are never deleted. */
export async function getProduct(sql: Queryable, sku: string): Promise<Product> {
  const [product] = await findProducts(sql, [sku]);
  if (!product) throw new Error(`Product ${sku} has vanished`);
  return product;
}

/** The products of these SKUs, in any order. */
export async function findProducts(sql: Queryable, skus: readonly string[]): Promise<Product[]> {
  return sql<Product[]>`
    select ${columns(sql)} from products where sku = any(${[...skus]}::text[])`;
}

/** Which of these SKUs the catalogue has. */
export async function findSkus(sql: Queryable, skus: readonly string[]): Promise<Set<string>> {
  if (skus.length === 0) return new Set();
  const rows = await sql<{ sku: string }[]>`
    select sku from products where sku = any(${[...skus]}::text[])`;
  return new Set(rows.map(({ sku }) => sku));
}

/** Locks a product, if there is such a one, against other changes of it and of what is on hand. */
export async function lockProduct(tx: Transaction, sku: string): Promise<Product | undefined> {
  const [product] = await tx<Product[]>`
    select ${columns(tx)} from products where sku = ${sku} for no key update`;
  return product;
}

/** A page of the catalogue in order of SKU. */
export async function listProducts(sql: Queryable, query: ProductQuery): Promise<Product[]> {
  const { limit, after, skus, nameContains, inStock } = query;
  return sql<Product[]>`
    select ${columns(sql)} from products
    where true
      ${after === null ? sql`` : sql`and sku > ${after}`}
      ${skus === null ? sql`` : sql`and sku = any(${[...skus]}::text[])`}
      ${nameContains === null ? sql`` : sql`and name ilike ${`%${escapeLike(nameContains)}%`}`}
      ${
        inStock
          ? sql`and exists (
              select from stock
              where stock.sku = products.sku and on_hand > held::bigint + allocated)`
          : sql``
      }
    order by sku
    limit ${limit}`;
}

function columns(sql: Queryable) {
  return sql`sku, name, description, unit_price_minor as "unitPriceMinor", currency, version`;
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}
