/** A small tea shop, so that a first start has something to sell. */
import { newId } from '@ordergraph/platform/ids.ts';
import type { Inventory, ProductResult } from './commands.ts';
import type { ProductDetails } from './domain/product.ts';

type DemoProduct = Omit<ProductDetails, 'currency'> & {
  readonly stock: Readonly<Record<string, number>>;
};

const products: readonly DemoProduct[] = [
  {
    sku: 'TEA-EARL-GREY-100',
    name: 'Earl Grey, 100 g',
    description: 'Black tea from Ceylon with oil of bergamot.',
    unitPriceMinor: 695,
    stock: { main: 400, north: 150 },
  },
  {
    sku: 'TEA-ASSAM-250',
    name: 'Assam Breakfast, 250 g',
    description: 'Strong and malty; takes milk.',
    unitPriceMinor: 1_150,
    stock: { main: 300, north: 80 },
  },
  {
    sku: 'TEA-SENCHA-100',
    name: 'Sencha, 100 g',
    description: 'Green tea from Shizuoka, first flush.',
    unitPriceMinor: 1_490,
    stock: { main: 120 },
  },
  {
    sku: 'TEA-DARJEELING-100',
    name: 'Darjeeling First Flush, 100 g',
    description: 'Light and flowery, from one garden.',
    unitPriceMinor: 1_675,
    stock: { main: 90, north: 40 },
  },
  {
    sku: 'TEA-PEPPERMINT-50',
    name: 'Peppermint, 50 g',
    description: 'Whole leaves, without caffeine.',
    unitPriceMinor: 450,
    stock: { main: 500 },
  },
  {
    sku: 'TEA-CHAI-200',
    name: 'Masala Chai, 200 g',
    description: 'Assam with cardamom, ginger, cinnamon and clove.',
    unitPriceMinor: 925,
    stock: { main: 260 },
  },
  {
    sku: 'POT-CAST-IRON-08',
    name: 'Cast-Iron Teapot, 0.8 l',
    description: 'Enamelled inside, with a steel strainer.',
    unitPriceMinor: 4_900,
    stock: { main: 25, north: 10 },
  },
  {
    sku: 'POT-GLASS-12',
    name: 'Glass Teapot, 1.2 l',
    description: 'Borosilicate glass; watch the leaves unfold.',
    unitPriceMinor: 2_850,
    stock: { main: 40 },
  },
  {
    sku: 'CUP-STONEWARE-2',
    name: 'Stoneware Cups, set of 2',
    description: 'Thrown by hand; no two are alike.',
    unitPriceMinor: 2_200,
    stock: { main: 60, north: 30 },
  },
  {
    sku: 'TIN-PAPER-100',
    name: 'Tea Tin with Washi Paper, 100 g',
    description: 'Airtight, with an inner lid.',
    unitPriceMinor: 1_250,
    stock: { main: 75 },
  },
  {
    sku: 'INFUSER-STEEL',
    name: 'Steel Infuser Basket',
    description: 'Fits most mugs; fine enough for rooibos.',
    unitPriceMinor: 795,
    stock: { main: 200 },
  },
  {
    sku: 'GIFT-TASTING-BOX',
    name: 'Tasting Box, eight teas',
    description: 'Eight times 20 g, with a card for notes.',
    unitPriceMinor: 2_995,
    stock: { main: 3 },
  },
];

const caller = 'demo-catalogue';

/**
 * Loads the demo catalogue. Its idempotency keys are fixed: later calls change nothing, whatever was sold or changed since.
 * @throws Error if the inventory refuses, which means that the keys were used for something else.
 */
export async function loadDemoCatalogue(inventory: Inventory): Promise<void> {
  const cause = { correlationId: newId('evt'), causationId: null };
  for (const { stock, ...details } of products) {
    const { sku } = details;
    const product = { ...details, currency: 'GBP' };
    const idempotencyKey = `product/${sku}`;
    accepted(await inventory.upsertProduct({ caller, idempotencyKey, cause, product }));
    for (const [warehouse, delta] of Object.entries(stock)) {
      accepted(
        await inventory.adjustStock({
          caller,
          idempotencyKey: `stock/${sku}/${warehouse}`,
          cause,
          sku,
          warehouse,
          delta,
          reason: 'received',
        }),
      );
    }
  }
}

function accepted(result: ProductResult): void {
  if (result.kind === 'refused') {
    throw new Error(`The demo catalogue was refused: ${result.refusal.message}`);
  }
}
