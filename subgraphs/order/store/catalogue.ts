/** This service's projection of the catalogue. */
import type { Queryable, Transaction } from '@ordergraph/platform/database.ts';
import type { CatalogueEntry } from '../domain/placement.ts';

/** The entries for SKUs; those unknown are missing. */
export async function findEntries(
  sql: Queryable,
  skus: readonly string[],
): Promise<Map<string, CatalogueEntry>> {
  const rows = await sql<
    { sku: string; name: string; unit_price_minor: number; currency: string }[]
  >`
    select sku, name, unit_price_minor, currency from catalogue
    where sku = any(${[...new Set(skus)]}::text[])`;
  return new Map(
    rows.map(({ sku, name, unit_price_minor: minor, currency }) => [
      sku,
      { sku, name, price: { minor, currency } },
    ]),
  );
}

export type ProductFacts = {
  readonly sku: string;
  readonly version: number;
  readonly name: string;
  readonly unitPriceMinor: number;
  readonly currency: string;
};

/** Takes over products; an older version never overwrites a newer one. */
export async function upsertEntries(
  tx: Transaction,
  products: readonly ProductFacts[],
): Promise<void> {
  const newest = new Map<string, ProductFacts>();
  for (const product of products) {
    const known = newest.get(product.sku);
    if (!known || known.version < product.version) newest.set(product.sku, product);
  }
  const rows = [...newest.values()].toSorted((a, b) => (a.sku < b.sku ? -1 : 1));
  await tx`
    insert into catalogue (sku, version, name, unit_price_minor, currency)
    select * from unnest(
      ${rows.map((row) => row.sku)}::text[],
      ${rows.map((row) => row.version)}::int[],
      ${rows.map((row) => row.name)}::text[],
      ${rows.map((row) => row.unitPriceMinor)}::bigint[],
      ${rows.map((row) => row.currency)}::text[])
    on conflict (sku) do update
    set version = excluded.version, name = excluded.name,
      unit_price_minor = excluded.unit_price_minor, currency = excluded.currency
    where catalogue.version < excluded.version`;
}
