/** What staff do so that there is something to order. */
import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import { z } from 'zod';
import { pounds } from './pounds.ts';
import { openStorefront, type Doorway, type Money, type Storefront } from './storefront.ts';

export type NewProduct = {
  readonly sku: string;
  readonly quantity: number;
  /** £2.50 if not given. */
  readonly price?: Money;
};

export type Stockroom = {
  readonly staff: Storefront;
  /** Puts a product on sale, and resolves once it can be ordered. */
  offer(product: NewProduct): Promise<void>;
  /** How many can be ordered now. */
  available(sku: string): Promise<number>;
  close(): Promise<void>;
};

const upsert = `mutation Upsert($input: UpsertProductInput!) {
  upsertProduct(input: $input) { product { sku } userErrors { code message } }
}`;
const adjust = `mutation Adjust($input: AdjustStockInput!) {
  adjustStock(input: $input) { product { sku } userErrors { code message } }
}`;
const available = 'query Available($sku: ID!) { product(sku: $sku) { available } }';

const patience = { timeout: 20_000, interval: 20 };

export async function openStockroom(doorway: Doorway): Promise<Stockroom> {
  const staff = await openStorefront(doorway, { subject: 'stockroom', role: 'staff' });
  const done = z.record(z.string(), z.object({ userErrors: z.array(z.unknown()).length(0) }));
  const write = (query: string, input: Readonly<Record<string, unknown>>) =>
    staff.data({ query, variables: { input: { idempotencyKey: randomUUID(), ...input } } }, done);
  return {
    staff,
    async offer({ sku, quantity, price = pounds('2.50') }) {
      await write(upsert, { sku, name: `The ${sku}`, unitPrice: price });
      if (quantity > 0) await write(adjust, { sku, delta: quantity, reason: 'received' });
      await vi.waitFor(() => assertOnSale(staff, { sku, quantity, price }), patience);
    },
    available: async (sku) =>
      (await staff.data({ query: available, variables: { sku } }, productAvailable)).product
        .available,
    close: () => staff.close(),
  };
}

const productAvailable = z.object({ product: z.object({ available: z.int() }) });

/**
 * Orders take prices from a copy of the catalogue, which follows the catalogue by events. An order that expects
 * another price is refused and changes nothing, and its refusal tells the price in that copy.
 */
async function assertOnSale(
  staff: Storefront,
  { sku, price }: Required<NewProduct>,
): Promise<void> {
  const expectedUnitPrice = { amount: '98765432', currencyCode: price.currencyCode };
  const { userErrors } = await staff.placeOrder({
    lines: [{ sku, quantity: 1, expectedUnitPrice }],
  });
  expect(userErrors).toMatchObject([{ code: 'PRICE_CHANGED', actual: price }]);
}
